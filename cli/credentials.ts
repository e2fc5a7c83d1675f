import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Client } from './client.ts';
import { CommandError } from './failures.ts';
import type { Surroundings } from './invocation.ts';

export async function findClient(surroundings: Surroundings): Promise<Client> {
  const isTold = surroundings.url !== undefined && surroundings.token !== undefined;
  const kept = isTold ? undefined : await readKept(surroundings);
  const url = surroundings.url === undefined ? kept?.url : parseUrl(surroundings.url);
  // a token is never sent to another address than the one that it was given for
  const token = surroundings.token ?? (kept?.url === url ? kept?.token : undefined);
  if (url !== undefined && token !== undefined) return { url, token: requireToken(token) };
  const missing = url === undefined ? 'nobody is signed in' : `there is no token for ${url}`;
  throw new CommandError('wrongUse', missing, { hint: 'Run `tidemark login --url URL`, or set TIDEMARK_URL and TIDEMARK_TOKEN.' });
}

/** Throws `wrongUse` for what is no address of an API. */
export function parseUrl(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!isPlain) throw new CommandError('wrongUse', 'the address must be such as https://tidemark.example.com, with nothing after it');
  return `${url.origin}${url.pathname}`.replace(/(\/api\/v1)?\/*$/, '');
}

/** Throws `wrongUse` for what no header can carry; the message does not hold it. */
export function requireToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandError('wrongUse', 'the token is empty or holds characters that no token has', {
    hint: 'A token is made with POST /api/v1/tokens, whose answer shows its `secret` once.',
  });
}

/** For its owner alone; a reader at the same time finds the old or the new. */
export async function keepClient(surroundings: Surroundings, client: Client): Promise<string> {
  const file = fileOf(surroundings);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const written = `${file}.${process.pid}`;
  await writeFile(written, `${JSON.stringify(client, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(written, file);
  return file;
}

export async function forgetClient(surroundings: Surroundings): Promise<void> {
  await rm(fileOf(surroundings), { force: true });
}

async function readKept(surroundings: Surroundings): Promise<Client | undefined> {
  const file = fileOf(surroundings);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { url, token } = JSON.parse(text) as Client;
    return { url: parseUrl(url), token: requireToken(token) };
  } catch (error) {
    const hint = 'Run `tidemark logout`, then `tidemark login`.';
    throw new CommandError('wrongUse', `${file} cannot be read as what login keeps`, { hint, cause: error });
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is to be ignored. */
function fileOf({ configHome }: Surroundings): string {
  const home = configHome !== undefined && isAbsolute(configHome) ? configHome : join(homedir(), '.config');
  return join(home, 'tidemark', 'credentials.json');
}
