import { z } from 'zod';
import { backupKinds } from './states.ts';

export const backupCreateSchema = z
  .strictObject({
    kind: z.enum(backupKinds).default('full').describe('An incremental becomes a full where it has nothing to build on.'),
  })
  .meta({ id: 'BackupCreate' });
