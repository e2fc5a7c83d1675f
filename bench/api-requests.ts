import { createRoutes } from '#api/routes.ts';
import type { Catalogue } from '#db/tables.ts';

/** What is asked for, and by whom. */
export interface ListRequest {
  readonly operationId: string;
  readonly who: 'user' | 'admin';
  /** Below /api/v1. */
  readonly path: string;
  readonly words: string;
  /** A search that finds nothing, say. */
  readonly isEmpty?: boolean;
  /** Where no index can help: a name holds one letter, say. */
  readonly readsAllDatabases?: boolean;
}

/**
 * The other GET routes: they answer one row, or nothing of the large tables. The verification of the audit log reads all of it, as it says,
 * and the overview adds up what is stored.
 */
const otherRoutes = new Set(
  'getMe getUser getPolicy getBackup getRestore getRestorePlan getTask getHealth getReadiness getOpenApi verifyAuditRows getSshKey getOverview watchChanges getInstallation'.split(
    ' ',
  ),
);

/** Throws when a route of the table is neither among them nor known to be no list. */
export async function listRequests(db: Catalogue): Promise<ListRequest[]> {
  const requests = [...(await ofDatabases(db)), ...(await ofTasks(db)), ...(await ofAdmins(db))];
  const missing = createRoutes().filter(
    ({ method, operationId }) =>
      method === 'get' && !otherRoutes.has(operationId) && requests.every((request) => request.operationId !== operationId),
  );
  if (missing.length > 0)
    throw new Error(`bench/api-requests.ts asks nothing of ${missing.map(({ operationId }) => operationId).join(', ')}`);
  return requests;
}

type Asked = readonly [words: string, query: string, ...more: ('empty' | 'reads all databases')[]];

function asks(operationId: string, who: 'user' | 'admin', path: string, queries: readonly Asked[]): ListRequest[] {
  return queries.map(([words, query, ...more]) => ({
    operationId,
    who,
    path: path + query,
    words,
    isEmpty: more.includes('empty'),
    readsAllDatabases: more.includes('reads all databases'),
  }));
}

const first: Asked = ['first page', ''];

async function ofDatabases(db: Catalogue): Promise<ListRequest[]> {
  const database = await db
    .selectFrom('databases')
    .innerJoin('users', 'users.id', 'databases.owner_id')
    .select(['databases.id', 'owner_id'])
    .where('email', '=', 'user0@example.com')
    .orderBy('databases.created_at')
    .limit(1)
    .executeTakeFirstOrThrow();
  const policy = await db.selectFrom('policies').select('id').where('owner_id', '=', database.owner_id).limit(1).executeTakeFirstOrThrow();
  const ofAll: Asked[] = [
    ['engine', '?engine=mysql'],
    ['status', '?status=error'],
    ['isAttached', '?isAttached=false'],
    ['search', '?search=orders'],
    ['search of what is not there', '?search=nowhere', 'empty'],
    ['sort=-createdAt', '?sort=-createdAt'],
  ];
  const middle = async (ownerId?: string): Promise<Asked> => [
    'middle page',
    `?cursor=${await middleOf(db, 'databases', 'name', { owner_id: ownerId })}`,
  ];
  const path = `/databases/${database.id}`;
  return [
    ...asks('listDatabases', 'user', '/databases', [
      first,
      await middle(database.owner_id),
      ['status', '?status=active'],
      ['search', '?search=db'],
    ]),
    ...asks('listDatabases', 'admin', '/databases', [
      first,
      await middle(),
      ...ofAll,
      ['search of one', '?search=db400.'],
      ['search of one letter', '?search=z', 'empty', 'reads all databases'],
      ['ownerId', `?ownerId=${database.owner_id}`],
    ]),
    ...asks('getDatabase', 'user', path, [['one', '']]),
    ...asks('listBackups', 'user', `${path}/backups`, [
      first,
      ['middle page', `?cursor=${await middleOf(db, 'backups', 'created_at', { database_id: database.id })}`],
      ['kind', '?kind=full'],
      ['status', '?status=failed'],
      ['status of none', '?status=running', 'empty'],
    ]),
    ...asks('listRestores', 'user', `${path}/restores`, [first]),
    ...asks('getRecoveryWindow', 'user', `${path}/recovery-window`, [['of 4,000 log archives', '']]),
    ...asks('getRetentionPlan', 'user', `${path}/retention-plan`, [['all', '']]),
    ...asks('listPolicies', 'user', '/policies', [first]),
    ...asks('listPolicies', 'admin', '/policies', [
      first,
      ['middle page', `?cursor=${await middleOf(db, 'policies', 'name')}`],
      ['status', '?status=paused'],
      ['search', '?search=night'],
    ]),
    ...asks('listAttachments', 'user', `/policies/${policy.id}/attachments`, [first]),
  ];
}

async function ofTasks(db: Catalogue): Promise<ListRequest[]> {
  const task = await db
    .selectFrom('tasks')
    .innerJoin('users', 'users.id', 'tasks.owner_id')
    .select(['owner_id', 'database_id', 'policy_id'])
    .where('email', '=', 'user0@example.com')
    .limit(1)
    .executeTakeFirstOrThrow();
  const middle = async (ownerId?: string): Promise<Asked> => [
    'middle page',
    `?cursor=${await middleOf(db, 'tasks', 'created_at', { owner_id: ownerId })}`,
  ];
  const filters: Asked[] = [
    ['kind', '?kind=restore'],
    ['status', '?status=failed'],
    ['kind and status', '?kind=retention&status=failed'],
    ['kind of none', '?kind=attach', 'empty'],
    ['databaseId', `?databaseId=${task.database_id}`],
    ['databaseId and status', `?databaseId=${task.database_id}&status=failed`],
    ['policyId', `?policyId=${task.policy_id}`],
    ['policyId and kind', `?policyId=${task.policy_id}&kind=retention`],
  ];
  return [
    ...asks('listTasks', 'user', '/tasks', [first, await middle(task.owner_id), ...filters, ['status of none', '?status=queued', 'empty']]),
    ...asks('listTasks', 'admin', '/tasks', [
      first,
      await middle(),
      ...filters,
      ['running', '?status=running'],
      ['ownerId', `?ownerId=${task.owner_id}`],
    ]),
  ];
}

async function ofAdmins(db: Catalogue): Promise<ListRequest[]> {
  const row = await db.selectFrom('audit_rows').selectAll().orderBy('id').limit(1).executeTakeFirstOrThrow();
  const newest = await db.selectFrom('audit_rows').select(['id', 'at']).orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow();
  const middleAt = new Date((row.at.getTime() + newest.at.getTime()) / 2);
  const dayLater = new Date(middleAt.getTime() + 24 * 3_600_000);
  return [
    ...asks('listNotices', 'admin', '/notices', [
      first,
      ['middle page', `?cursor=${await middleOf(db, 'notices', 'created_at')}`],
      ['isSent=false', '?isSent=false'],
      ['isSent=true', '?isSent=true'],
    ]),
    ...asks('listAuditRows', 'admin', '/audit-rows', [
      first,
      ['middle page', `?cursor=${Math.floor(newest.id / 2)}`],
      ['actorId', `?actorId=${row.actor_id}`],
      ['subject', `?subject=${row.subject}`],
      ['action', '?action=editUser'],
      ['action of none', '?action=undeletePolicy', 'empty'],
      ['actorId and action', `?actorId=${row.actor_id}&action=createBackup`],
      ['until long ago', `?to=${row.at.toISOString().replace(/:\d\d\.\d+Z/, ':59.999Z')}`],
      ['one day', `?from=${middleAt.toISOString()}&to=${dayLater.toISOString()}`],
    ]),
    ...asks('listUsers', 'admin', '/users', [first]),
    ...asks('listSessions', 'user', '/sessions', [first]),
    ...asks('listTokens', 'user', '/tokens', [['none', '', 'empty']]),
  ];
}

/** The id of the row in the middle of a list. */
async function middleOf(
  db: Catalogue,
  table: 'databases' | 'policies' | 'backups' | 'tasks' | 'notices',
  column: 'name' | 'created_at',
  of: Partial<Record<'owner_id' | 'database_id', string | undefined>> = {},
): Promise<string> {
  let query = db
    .selectFrom(table as 'databases')
    .select('id')
    .orderBy(column as 'name');
  let rows = db.selectFrom(table as 'databases').select(({ fn }) => fn.countAll<number>().as('count'));
  for (const [name, value] of Object.entries(of)) {
    if (value === undefined) continue;
    query = query.where(name as 'owner_id', '=', value);
    rows = rows.where(name as 'owner_id', '=', value);
  }
  const { count } = await rows.executeTakeFirstOrThrow();
  const { id } = await query
    .limit(1)
    .offset(Math.floor(count / 2))
    .executeTakeFirstOrThrow();
  return id;
}
