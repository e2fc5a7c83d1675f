import { z } from 'zod';
import { backupKinds } from './states.ts';

export const backupCreateSchema = z
  .strictObject({
    kind: z.enum(backupKinds).default('full').describe('An incremental becomes a full where it has nothing to build on.'),
  })
  .meta({ id: 'BackupCreate', examples: [{ kind: 'full' }] });

export const deletionSchema = z
  .strictObject({ confirmBackups: z.int().min(1).describe('How many backups go: this one and those that build on it.') })
  .meta({ id: 'BackupDeletion', examples: [{ confirmBackups: 3 }] });
