import { z } from 'zod';
import { exampleIds } from './examples.ts';

/** To the second, with an offset or Z. */
const target = z.iso.datetime({ offset: true, precision: 0, message: 'must be a time to the second such as 2026-11-22T21:50:11Z' });

const asked = z.strictObject({
  backupId: z.uuid().optional().describe('Brings back exactly this backup.'),
  target: target.optional().describe('Everything committed before this second, nothing committed at or after it.'),
});

const eitherOr = { path: ['target'], message: 'give either backupId or target' };
const isOne = (value: z.infer<typeof asked>): boolean => (value.backupId === undefined) !== (value.target === undefined);

export const restorePlanQuery = asked.refine(isOne, eitherOr);

export const restoreCreateSchema = asked
  .extend({ confirmName: z.string().max(100).describe("The database's name, as a confirmation that all its data is overwritten.") })
  .refine(isOne, eitherOr)
  .meta({
    id: 'RestoreCreate',
    examples: [
      { target: '2026-11-22T21:50:11Z', confirmName: 'orders' },
      { backupId: exampleIds.backup, confirmName: 'orders' },
    ],
  });

export type RestoreAsked = z.infer<typeof asked>;

export type RestoreCreate = z.infer<typeof restoreCreateSchema>;
