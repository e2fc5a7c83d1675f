import type { DatabaseRow } from '#db/databases.ts';
import { getDatabase, sshKeyPlace } from '#db/databases.ts';
import { getGeneration } from '#db/attachments.ts';
import type { PolicyRow } from '#db/policies.ts';
import { getPolicy, openPolicyKey, secretKeyPlace } from '#db/policies.ts';
import type { Sealer } from '#db/seal.ts';
import type { Catalogue } from '#db/tables.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import type { Engine, EngineContext, HostContext } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import { connectHost } from './hosts/ssh.ts';
import type { Host } from './hosts/port.ts';
import type { Mailer } from './mail/mailer.ts';
import { refuseOtherOwner } from './ownership.ts';
import type { NetworkGuard, ResolvedAddress } from './stores/networks.ts';
import type { Store, StoreAddress } from './stores/port.ts';
import { openStore } from './stores/s3.ts';
import type { Attempt } from './wrap.ts';

export interface ActivityDeps {
  readonly db: Catalogue;
  readonly sealer: Sealer;
  readonly guard: NetworkGuard;
  /** undefined where no mail server is configured. */
  readonly mailer?: Mailer | undefined;
  /** How long a replica may take to catch up with its primary before a backup is read elsewhere; 60 where it is not said. */
  readonly replicaCatchUpSeconds?: number | undefined;
  /** Under which address people reach the panel; for links in mails. */
  readonly publicUrl?: string | undefined;
}

/** Opens a database's host for the time of `work`. */
export async function withHost<T>(
  deps: ActivityDeps,
  databaseId: string,
  attempt: Attempt,
  work: (engine: Engine, context: HostContext, database: DatabaseRow) => Promise<T>,
): Promise<T> {
  const database = await getDatabase(deps.db, databaseId);
  const engine = getEngine(database.engine);
  const host = await openHost(deps, database);
  const leave = (): void => host.close();
  attempt.leave.addEventListener('abort', leave, { once: true });
  try {
    const { signal, report } = attempt;
    return await work(engine, { host, database: { id: database.id, name: database.name, port: database.port }, signal, report }, database);
  } finally {
    attempt.leave.removeEventListener('abort', leave);
    host.close();
  }
}

/** Opens a policy's store for the time of `work`. */
export async function withStore<T>(deps: ActivityDeps, policyId: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(storeAddress(deps.sealer, await getPolicy(deps.db, policyId)), deps);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

/** Opens a database's host and one generation's part of its bucket for the time of `work`. */
export async function withRepository<T>(
  deps: ActivityDeps,
  of: { readonly databaseId: string; readonly generation: number },
  attempt: Attempt,
  work: (engine: Engine, context: EngineContext, database: DatabaseRow) => Promise<T>,
): Promise<T> {
  const generation = await getGeneration(deps.db, of.databaseId, of.generation);
  const policy = await getPolicy(deps.db, generation.policy_id);
  const address = storeAddress(deps.sealer, policy);
  const store = openStore(address, deps);
  try {
    return await withHost(deps, of.databaseId, attempt, (engine, context, database) => {
      refuseOtherOwner(database, policy);
      const key = generation.encrypted ? openPolicyKey(deps.sealer, policy) : undefined;
      return work(engine, { ...context, repository: { store, address, generation: of.generation, key } }, database);
    });
  } finally {
    store.close();
  }
}

export function storeAddress(sealer: Sealer, policy: PolicyRow): StoreAddress {
  return {
    endpoint: policy.endpoint,
    region: policy.region,
    bucket: policy.bucket,
    prefix: policy.prefix,
    accessKey: policy.access_key,
    secretKey: sealer.open(policy.secret_key_sealed, secretKeyPlace(policy.id)).toString(),
    caPem: policy.ca_pem ?? undefined,
  };
}

export async function resolveHost(guard: NetworkGuard, host: string): Promise<ResolvedAddress> {
  try {
    return await guard.resolve(host);
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new TidemarkError('host-unreachable', `the name ${host} cannot be resolved: ${messageOf(error)}`, { cause: error });
  }
}

async function openHost(deps: ActivityDeps, database: DatabaseRow): Promise<Host> {
  if (database.host_key === null)
    throw new TidemarkError('host-key-changed', `the host key of ${database.name} was not confirmed yet: check the database first`);
  const { address } = await resolveHost(deps.guard, database.host);
  const privateKey = deps.sealer.open(database.ssh_key_sealed, sshKeyPlace(database.id)).toString();
  return connectHost(
    { host: database.host, port: database.ssh_port, user: database.ssh_user, privateKey, hostKey: database.host_key },
    { connectTo: address },
  );
}

/** Whether the database's logs are archived: for the recovery window, or because its backups need them. */
export function isArchiving(policy: PolicyRow, engine: Engine): boolean {
  return policy.pitr_enabled || engine.capabilities.backupNeedsLogs;
}
