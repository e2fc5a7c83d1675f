import type { DatabaseRole, EngineName } from '#domain/states.ts';
import type { Schemas } from '../../client/ask.ts';
import { type LoginKey, noLoginKey } from './login-key.ts';

/** What has been typed and chosen on the way to a new database. */
export interface NewDatabaseValues {
  readonly ownerId: string;
  readonly name: string;
  readonly engine: EngineName;
  readonly host: string;
  /** '' is the engine's usual one. */
  readonly port: number | string;
  readonly sshPort: number | string;
  readonly sshUser: string;
  readonly role: DatabaseRole;
  readonly primaryId: string | null;
  readonly login: LoginKey;
  /** The host key that was confirmed, and of which address. */
  readonly hostKey: string;
  readonly hostKeyOf: string;
}

export const newDatabaseSteps = ['server', 'key', 'host-key', 'check'] as const;
export type NewDatabaseStep = (typeof newDatabaseSteps)[number];

export const usualPorts: Readonly<Record<EngineName, number>> = { postgresql: 5432, mariadb: 3306, mysql: 3306 };

export function newDatabaseValues(ownerId: string): NewDatabaseValues {
  return {
    ownerId,
    name: '',
    engine: 'postgresql',
    host: '',
    port: '',
    sshPort: 22,
    sshUser: 'tidemark',
    role: 'primary',
    primaryId: null,
    login: noLoginKey,
    hostKey: '',
    hostKeyOf: '',
  };
}

type Errors = Partial<Record<keyof NewDatabaseValues, string>>;

/** What keeps one from leaving a step. */
export function errorsOfStep(step: NewDatabaseStep, values: NewDatabaseValues): Errors {
  if (step === 'server') return serverErrors(values);
  if (step === 'key') return keyErrors(values.login);
  if (step === 'host-key' && confirmedHostKey(values) === undefined) return { hostKey: 'Compare the fingerprint first, and confirm it.' };
  return {};
}

/** The first step that is not finished, or the one that is asked for if it comes before. */
export function reachableStep(asked: NewDatabaseStep, values: NewDatabaseValues): NewDatabaseStep {
  const before = newDatabaseSteps.slice(0, newDatabaseSteps.indexOf(asked));
  return before.find((step) => Object.keys(errorsOfStep(step, values)).length > 0) ?? asked;
}

/** The step on which a field that the API complains of is found. */
export function stepOfField(field: string): NewDatabaseStep {
  if (['sshPrivateKey', 'sshKeyId', 'login'].includes(field)) return 'key';
  return field === 'hostKey' ? 'host-key' : 'server';
}

function serverErrors({ name, host, sshUser, role, primaryId }: NewDatabaseValues): Errors {
  return {
    ...(name.trim() === '' ? { name: 'What is it called?' } : {}),
    ...(host.trim() === '' ? { host: 'Where is it?' } : {}),
    ...(sshUser.trim() === '' ? { sshUser: 'As whom does Tidemark log in?' } : {}),
    ...(role === 'replica' && primaryId === null ? { primaryId: 'Of which primary?' } : {}),
  };
}

function keyErrors({ kind, sshKey, privateKey }: LoginKey): Errors {
  if (kind === 'made') return sshKey === undefined ? { login: 'Make a key first.' } : {};
  return privateKey.trim() === '' ? { login: 'Paste the private key.' } : {};
}

/** Of this address; that of another one counts for nothing. */
export function confirmedHostKey(values: NewDatabaseValues): string | undefined {
  return values.hostKey !== '' && values.hostKeyOf === addressOf(values) ? values.hostKey : undefined;
}

export function addressOf({ host, sshPort }: NewDatabaseValues): string {
  return `${host.trim()}:${sshPort}`;
}

/** Without the key: it ends with the host key. */
export function scanOf({ engine, host, port, sshPort, sshUser }: NewDatabaseValues): Schemas['DatabaseTest'] {
  return {
    engine,
    host: host.trim(),
    ...(port === '' ? {} : { port: Number(port) }),
    sshPort: sshPort === '' ? 22 : Number(sshPort),
    sshUser: sshUser.trim(),
  };
}

export function testOf(values: NewDatabaseValues): Schemas['DatabaseTest'] {
  const hostKey = confirmedHostKey(values);
  return { ...scanOf(values), ...keyOf(values.login), ...(hostKey === undefined ? {} : { hostKey }) };
}

export function createOf(values: NewDatabaseValues): Schemas['DatabaseCreate'] {
  const { name, role, primaryId, ownerId } = values;
  const base = { ...scanOf(values), sshPort: Number(values.sshPort === '' ? 22 : values.sshPort) };
  const hostKey = confirmedHostKey(values);
  return {
    ...base,
    name: name.trim(),
    role,
    ownerId,
    ...keyOf(values.login),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(role === 'replica' && primaryId !== null ? { primaryId } : {}),
  };
}

function keyOf({ kind, sshKey, privateKey }: LoginKey): { sshKeyId?: string; sshPrivateKey?: string } {
  if (kind === 'pasted') return { sshPrivateKey: privateKey };
  return sshKey === undefined ? {} : { sshKeyId: sshKey.id };
}
