import { type Insertable, type RawBuilder, sql } from 'kysely';
import type { GenerationHistory } from '#domain/recovery-window.ts';
import type { LogRange } from '#domain/retention.ts';
import type { Catalogue, Tables } from './tables.ts';

type LogArchive = Insertable<Tables['log_archives']>;
type LogGap = Pick<Insertable<Tables['log_gaps']>, 'sequence' | 'reason' | 'told'>;

const ROWS_PER_INSERT = 1000;

/**
 * Replaces what is known of a generation's logs by what a walk over the archive found. A mark of how far
 * a piece covers stays unless the walk brings a later one.
 */
export async function recordLogs(
  db: Catalogue,
  of: { database_id: string; generation: number },
  pieces: readonly Omit<LogArchive, 'database_id' | 'generation'>[],
  gaps: readonly LogGap[],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const sequences = pieces.map((piece) => piece.sequence);
    await transaction
      .deleteFrom('log_archives')
      .where('database_id', '=', of.database_id)
      .where('generation', '=', of.generation)
      .$if(sequences.length > 0, (query) => query.where((e) => e.not(e('sequence', '=', e.fn.any(e.val(sequences))))))
      .execute();
    for (let from = 0; from < pieces.length; from += ROWS_PER_INSERT) {
      await transaction
        .insertInto('log_archives')
        .values(pieces.slice(from, from + ROWS_PER_INSERT).map((piece) => ({ ...of, ...piece })))
        .onConflict((conflict) =>
          conflict.columns(['database_id', 'generation', 'sequence']).doUpdateSet((e) => ({
            name: e.ref('excluded.name'),
            size_bytes: e.ref('excluded.size_bytes'),
            archived_at: e.ref('excluded.archived_at'),
            // A piece of another name is another line's: what was known of its predecessor does not hold for it.
            covers_until_at: e
              .case()
              .when('log_archives.name', '=', e.ref('excluded.name'))
              .then(e.fn<Date | null>('greatest', [e.ref('log_archives.covers_until_at'), e.ref('excluded.covers_until_at')]))
              .else(e.ref('excluded.covers_until_at'))
              .end(),
          })),
        )
        .execute();
    }
    await transaction.deleteFrom('log_gaps').where('database_id', '=', of.database_id).where('generation', '=', of.generation).execute();
    if (gaps.length > 0)
      await transaction
        .insertInto('log_gaps')
        .values(gaps.map((gap) => ({ ...of, ...gap })))
        .execute();
  });
}

/** What the recovery window is computed from: the completed backups and the logs of every generation, or of those that one policy keeps. */
export async function loadHistories(db: Catalogue, databaseId: string, policyId?: string): Promise<GenerationHistory[]> {
  const kept = db.selectFrom('generations').select('number').where('database_id', '=', databaseId).orderBy('number');
  const [generations, backups, pieces, gaps] = await Promise.all([
    (policyId === undefined ? kept : kept.where('policy_id', '=', policyId)).execute(),
    db
      .selectFrom('backups')
      .select(['id', 'generation', 'consistent_at', 'first_log', 'last_log'])
      .where('database_id', '=', databaseId)
      .where('status', '=', 'completed')
      .execute(),
    db
      .selectFrom('log_archives')
      // there are thousands of them, and to read a number is cheap
      .select(['generation', 'sequence', 'name', millisecondsOf('covers_until_at').as('covers_until')])
      .where('database_id', '=', databaseId)
      .execute(),
    db.selectFrom('log_gaps').selectAll().where('database_id', '=', databaseId).execute(),
  ]);
  return generations.map(({ number }) => ({
    generation: number,
    points: backups.flatMap((row) =>
      row.generation === number && row.consistent_at !== null && row.first_log !== null && row.last_log !== null
        ? [{ backupId: row.id, consistentAt: row.consistent_at.getTime(), firstLog: row.first_log, lastLog: row.last_log }]
        : [],
    ),
    pieces: pieces
      .filter((row) => row.generation === number)
      .map((row) => ({ sequence: row.sequence, name: row.name, coversUntil: row.covers_until })),
    gaps: gaps.filter((row) => row.generation === number).map(({ sequence, reason }) => ({ sequence, reason })),
  }));
}

/** Since the epoch; whole ones, as a Date has them. */
function millisecondsOf(column: 'covers_until_at'): RawBuilder<number | null> {
  return sql<number | null>`floor(extract(epoch from ${sql.ref(column)}) * 1000)::bigint`;
}

/** How much is replayed from a piece on, up to the first that holds everything before `until`. */
export async function sumLogs(
  db: Catalogue,
  of: { readonly database_id: string; readonly generation: number },
  from: number,
  until: Date,
): Promise<{ pieces: number; bytes: number }> {
  const ofGeneration = db.selectFrom('log_archives').where('database_id', '=', of.database_id).where('generation', '=', of.generation);
  const last = await ofGeneration
    .select(({ fn }) => fn.min('sequence').as('sequence'))
    .where('sequence', '>=', from)
    .where('covers_until_at', '>=', until)
    .executeTakeFirst();
  const { pieces, bytes } = await ofGeneration
    .select(({ fn }) => [fn.countAll<number>().as('pieces'), fn.sum<string | null>('size_bytes').as('bytes')])
    .where('sequence', '>=', from)
    .$if(last?.sequence != null, (query) => query.where('sequence', '<=', last?.sequence ?? 0))
    .executeTakeFirstOrThrow();
  return { pieces, bytes: Number(bytes ?? 0) };
}

/** Forgets the pieces that none of the ranges holds. */
export async function deleteLogRows(
  db: Catalogue,
  of: { readonly database_id: string; readonly number: number },
  keep: readonly LogRange[],
): Promise<void> {
  await db
    .deleteFrom('log_archives')
    .where('database_id', '=', of.database_id)
    .where('generation', '=', of.number)
    .where((e) =>
      e.not(e.or(keep.map(({ from, to }) => e.and([e('sequence', '>=', from), ...(to === undefined ? [] : [e('sequence', '<=', to)])])))),
    )
    .execute();
}

/** The gaps that people have been told of. */
export async function listToldGaps(db: Catalogue, databaseId: string, generation: number): Promise<number[]> {
  const rows = await db
    .selectFrom('log_gaps')
    .select('sequence')
    .where('database_id', '=', databaseId)
    .where('generation', '=', generation)
    .where('told', '=', true)
    .execute();
  return rows.map(({ sequence }) => sequence);
}
