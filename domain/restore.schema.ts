import { z } from 'zod';

/** To the second, with an offset or Z. */
const target = z.iso.datetime({ offset: true, precision: 0, message: 'must be a time to the second such as 2026-11-22T21:50:11Z' });

export const restoreCreateSchema = z
  .strictObject({
    backupId: z.uuid().optional().describe('Brings back exactly this backup.'),
    target: target.optional().describe('Everything committed before this second, nothing committed at or after it.'),
    confirmName: z.string().max(100).describe("The database's name, as a confirmation that all its data is overwritten."),
  })
  .refine((value) => (value.backupId === undefined) !== (value.target === undefined), {
    path: ['target'],
    message: 'give either backupId or target',
  })
  .meta({ id: 'RestoreCreate' });

export type RestoreCreate = z.infer<typeof restoreCreateSchema>;
