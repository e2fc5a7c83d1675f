import type { ExpressionBuilder, Selectable } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupKind, EngineName, PitrStatus } from '#domain/states.ts';
import type { Catalogue, Tables } from './tables.ts';

export type AttachmentRow = Selectable<Tables['attachments']>;
export type GenerationRow = Selectable<Tables['generations']>;

async function findAttachment(db: Catalogue, databaseId: string): Promise<AttachmentRow | undefined> {
  return db.selectFrom('attachments').selectAll().where('database_id', '=', databaseId).executeTakeFirst();
}

/** An attachment as a policy's page shows it. */
export interface AttachedDatabase {
  database_id: string;
  name: string;
  engine: EngineName;
  host: string;
  pitr_status: PitrStatus;
  pitr_message: string | null;
  created_at: Date;
  last_full_at: Date | null;
  last_incremental_at: Date | null;
}

export async function listAttachedDatabases(db: Catalogue, policyId: string): Promise<AttachedDatabase[]> {
  return db
    .selectFrom('attachments')
    .innerJoin('databases', 'databases.id', 'attachments.database_id')
    .select(['attachments.database_id', 'databases.name', 'databases.engine', 'databases.host'])
    .select(['attachments.pitr_status', 'attachments.pitr_message', 'attachments.created_at'])
    .select((e) => [lastBackup(e, 'full').as('last_full_at'), lastBackup(e, 'incremental').as('last_incremental_at')])
    .where('attachments.policy_id', '=', policyId)
    .orderBy('databases.name')
    .orderBy('databases.id')
    .execute();
}

function lastBackup(e: ExpressionBuilder<Tables, 'attachments'>, kind: BackupKind) {
  return e
    .selectFrom('backups')
    .select((backup) => backup.fn.max('backups.ended_at').as('ended_at'))
    .whereRef('backups.database_id', '=', 'attachments.database_id')
    .where('backups.kind', '=', kind)
    .where('backups.status', '=', 'completed');
}

/** Attaches once: the same attachment again changes nothing; another policy's throws `already-attached`. */
export async function attachDatabase(db: Catalogue, databaseId: string, policyId: string): Promise<void> {
  const row = await db.transaction().execute(async (transaction) => {
    // a policy that is being deleted gets no database any more
    const policy = await transaction.selectFrom('policies').select('deleted_at').where('id', '=', policyId).forShare().executeTakeFirst();
    if (policy?.deleted_at !== null) throw new TidemarkError('not-found', `there is no policy ${policyId}`);
    // nor does one that is being removed
    const database = await transaction
      .selectFrom('databases')
      .select('deleted_at')
      .where('id', '=', databaseId)
      .forShare()
      .executeTakeFirst();
    if (database?.deleted_at !== null) throw new TidemarkError('not-found', `there is no database ${databaseId}`);
    await transaction
      .insertInto('attachments')
      .values({ database_id: databaseId, policy_id: policyId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return await findAttachment(transaction, databaseId);
  });
  if (row?.policy_id !== policyId) throw new TidemarkError('already-attached', 'Database is already attached to another backup policy');
}

export async function deleteAttachment(db: Catalogue, databaseId: string, policyId: string): Promise<void> {
  await db.deleteFrom('attachments').where('database_id', '=', databaseId).where('policy_id', '=', policyId).execute();
}

export async function markPitr(db: Catalogue, databaseId: string, status: PitrStatus, message: string | null = null): Promise<void> {
  await db.updateTable('attachments').set({ pitr_status: status, pitr_message: message }).where('database_id', '=', databaseId).execute();
}

export async function findOpenGeneration(db: Catalogue, databaseId: string): Promise<GenerationRow | undefined> {
  return db.selectFrom('generations').selectAll().where('database_id', '=', databaseId).where('ended_at', 'is', null).executeTakeFirst();
}

/** Those that a policy keeps, of one database or of all, the oldest first. */
export async function listGenerations(db: Catalogue, policyId: string, databaseId?: string): Promise<GenerationRow[]> {
  const query = db.selectFrom('generations').selectAll().where('policy_id', '=', policyId).orderBy('number');
  return (databaseId === undefined ? query : query.where('database_id', '=', databaseId)).execute();
}

/** The databases that no other policy has ever kept. */
export async function listDatabasesOnlyOf(db: Catalogue, policyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('generations')
    .select('database_id')
    .groupBy('database_id')
    .having((e) => e.fn<boolean>('bool_and', [e('policy_id', '=', policyId)]), '=', true)
    .execute();
  return rows.map((row) => row.database_id);
}

export async function getGeneration(db: Catalogue, databaseId: string, number: number): Promise<GenerationRow> {
  const row = await db
    .selectFrom('generations')
    .selectAll()
    .where('database_id', '=', databaseId)
    .where('number', '=', number)
    .executeTakeFirst();
  if (row === undefined) throw new TidemarkError('internal', `database ${databaseId} has no generation ${number}`);
  return row;
}

export async function nextGenerationNumber(db: Catalogue, databaseId: string): Promise<number> {
  const row = await db
    .selectFrom('generations')
    .select((e) => e.fn.max('number').as('last'))
    .where('database_id', '=', databaseId)
    .executeTakeFirst();
  return (row?.last ?? 0) + 1;
}

/** Ends the open generation and begins this one; the same number again changes nothing. */
export async function beginGeneration(
  db: Catalogue,
  generation: Pick<GenerationRow, 'database_id' | 'number' | 'policy_id' | 'encrypted' | 'reason'>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const existing = await transaction
      .selectFrom('generations')
      .select('number')
      .where('database_id', '=', generation.database_id)
      .where('number', '=', generation.number)
      .executeTakeFirst();
    if (existing !== undefined) return;
    await endOpenGeneration(transaction, generation.database_id);
    await transaction.insertInto('generations').values(generation).execute();
  });
}

export async function endOpenGeneration(db: Catalogue, databaseId: string): Promise<void> {
  await db
    .updateTable('generations')
    .set({ ended_at: new Date() })
    .where('database_id', '=', databaseId)
    .where('ended_at', 'is', null)
    .execute();
}
