import type { Schemas } from '../../client/ask.ts';
import type { Database } from '../../client/databases.ts';
import { type LoginKey, noLoginKey } from './login-key.ts';

export interface EditValues {
  readonly name: string;
  readonly host: string;
  readonly port: number | string;
  readonly sshPort: number | string;
  readonly sshUser: string;
  readonly keyChoice: 'keep' | 'new';
  readonly login: LoginKey;
  readonly hostKeyChoice: 'keep' | 'scan' | 'paste';
  readonly hostKey: string;
}

export function valuesOf({ name, host, port, sshPort, sshUser }: Database): EditValues {
  return { name, host, port, sshPort, sshUser, keyChoice: 'keep', login: noLoginKey, hostKeyChoice: 'keep', hostKey: '' };
}

export function editErrors(values: EditValues): Partial<Record<keyof EditValues, string>> {
  const { keyChoice, login, hostKeyChoice, hostKey } = values;
  const isKeyMissing = keyChoice === 'new' && (login.kind === 'made' ? login.sshKey === undefined : login.privateKey.trim() === '');
  return {
    ...(isKeyMissing ? { login: login.kind === 'made' ? 'Let Tidemark make one first.' : 'Paste the private key.' } : {}),
    ...(hostKeyChoice === 'paste' && hostKey.trim() === '' ? { hostKey: 'Paste the new host key.' } : {}),
  };
}

/** What of it is another than before. */
export function changesOf(database: Database, values: EditValues): Schemas['DatabaseEdit'] {
  const { name, host, port, sshPort, sshUser, keyChoice, login, hostKeyChoice, hostKey } = values;
  return {
    ...(name.trim() === database.name ? {} : { name: name.trim() }),
    ...(host.trim() === database.host ? {} : { host: host.trim() }),
    ...(Number(port) === database.port ? {} : { port: Number(port) }),
    ...(Number(sshPort) === database.sshPort ? {} : { sshPort: Number(sshPort) }),
    ...(sshUser.trim() === database.sshUser ? {} : { sshUser: sshUser.trim() }),
    ...(keyChoice === 'keep' ? {} : keyOf(login)),
    ...(hostKeyChoice === 'keep' ? {} : { hostKey: hostKeyChoice === 'scan' ? null : withoutComment(hostKey) }),
  };
}

function keyOf(login: LoginKey): Pick<Schemas['DatabaseEdit'], 'sshKeyId' | 'sshPrivateKey'> {
  if (login.kind === 'pasted') return { sshPrivateKey: login.privateKey };
  return login.sshKey === undefined ? {} : { sshKeyId: login.sshKey.id };
}

function withoutComment(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}
