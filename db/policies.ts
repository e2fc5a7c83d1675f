import { type Insertable, type Selectable, sql, type Updateable } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import type { RetentionRules } from '#domain/retention.ts';
import type { PolicyStatus } from '#domain/states.ts';
import { refuseTaken } from './failures.ts';
import { holding, isAfter, type Page, type PageRequest, requireCursor, toPage } from './paging.ts';
import type { SealedPlace, Sealer } from './seal.ts';
import type { Catalogue, CatalogueTransaction, Tables } from './tables.ts';

export type PolicyRow = Selectable<Tables['policies']>;
export type ShownPolicy = Pick<PolicyRow, (typeof shownColumns)[number]>;
export type PolicyChange = Updateable<Tables['policies']>;

export function secretKeyPlace(policyId: string): SealedPlace {
  return { table: 'policies', row: policyId, column: 'secret_key_sealed' };
}

export function policyKeyPlace(policyId: string): SealedPlace {
  return { table: 'policies', row: policyId, column: 'policy_key_sealed' };
}

/** 32 bytes. Throws `sealed-value-broken`. */
export function openPolicyKey(sealer: Sealer, policy: Pick<PolicyRow, 'id' | 'policy_key_sealed'>): Buffer {
  return sealer.open(policy.policy_key_sealed, policyKeyPlace(policy.id));
}

/** Throws `already-exists` when the owner has another of this name. */
export async function insertPolicy(db: Catalogue, policy: Insertable<Tables['policies']>): Promise<void> {
  await refuseTakenName(policy.name, db.insertInto('policies').values(policy).execute());
}

export async function findPolicy(db: Catalogue, id: string): Promise<PolicyRow | undefined> {
  return db.selectFrom('policies').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function getPolicy(db: Catalogue, id: string): Promise<PolicyRow> {
  const row = await findPolicy(db, id);
  if (row === undefined) throw new TidemarkError('not-found', `there is no policy ${id}`);
  return row;
}

/** Throws `not-found` also when it was deleted; `getPolicy` still gives the row, for the backups that were kept. */
export async function getLivePolicy(db: Catalogue, id: string): Promise<PolicyRow> {
  const row = await getPolicy(db, id);
  if (row.deleted_at !== null) throw new TidemarkError('not-found', `there is no policy ${id}`);
  return row;
}

/** Until the transaction ends no database is attached. */
export async function lockPolicy(transaction: CatalogueTransaction, id: string): Promise<void> {
  await transaction.selectFrom('policies').select('id').where('id', '=', id).forUpdate().execute();
}

export interface PolicyFilter {
  readonly ownerId?: string | undefined;
  readonly status?: PolicyStatus | undefined;
  /** A part of the name, in any case. */
  readonly search?: string | undefined;
}

/** No secret is among them. */
const shownColumns = [
  ...(['id', 'owner_id', 'name', 'endpoint', 'region', 'bucket', 'prefix', 'access_key', 'ca_pem', 'full_frequency', 'full_time'] as const),
  ...(['full_day', 'incremental_hours', 'pitr_enabled', 'log_archive_minutes', 'retention_fulls', 'retention_incremental_days'] as const),
  ...(['retention_log_hours', 'encryption_enabled', 'status', 'consecutive_failures', 'last_error', 'credentials_verified_at'] as const),
  'revision',
  'created_at',
] as const;

/** A policy as a list shows it. */
export type PolicyOverview = ShownPolicy & { readonly attached_count: number };

/** By name, of one owner or everybody's. */
export async function listPolicies(db: Catalogue, filter: PolicyFilter, page: PageRequest): Promise<Page<PolicyOverview>> {
  await requireCursor(db, 'policies', page.cursor, { owner_id: filter.ownerId });
  let query = db
    .selectFrom('policies')
    .select(shownColumns)
    .select(sql<number>`(select count(*)::int from attachments where policy_id = policies.id)`.as('attached_count'))
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .orderBy('id')
    .limit(page.limit + 1);
  if (filter.ownerId !== undefined) query = query.where('owner_id', '=', filter.ownerId);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.search !== undefined) query = query.where('name', 'ilike', holding(filter.search));
  if (page.cursor !== undefined) query = query.where(isAfter('policies', 'name', 'asc', page.cursor));
  return toPage(await query.execute(), page);
}

/** Throws `already-exists` when it takes a name that the owner has given already. */
export async function updatePolicy(db: Catalogue, id: string, change: PolicyChange): Promise<void> {
  await refuseTakenName(change.name, db.updateTable('policies').set(change).where('id', '=', id).execute());
}

function refuseTakenName<T>(name: string | undefined, query: Promise<T>): Promise<T> {
  return refuseTaken(`there is already a policy named "${name}"`, query);
}

export function retentionRules(row: PolicyRow): RetentionRules {
  return {
    fulls: row.retention_fulls,
    incrementalDays: row.retention_incremental_days,
    logHours: row.retention_log_hours,
    pitrEnabled: row.pitr_enabled,
  };
}
