import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToken, hashToken } from '#api/session-cookie.ts';
import type { Catalogue } from '#db/tables.ts';
import { insertToken } from '#db/tokens.ts';
import type { TokenScope } from '#domain/states.ts';

export const entry = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody's shell: an environment with nothing in it but what is given, and a home of its own. */
export interface Shell {
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the command line as a process; the input is piped in. */
  tidemark(args: readonly string[], input?: string): Promise<Outcome>;
  remove(): Promise<void>;
}

export async function openShell(variables: Record<string, string> = {}): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-cli-'));
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    NODE_COMPILE_CACHE: join(tmpdir(), 'tidemark-cli-compiled'),
    ...variables,
  };
  return {
    home,
    environment,
    tidemark: (args, input = '') => runToEnd([entry, ...args], environment, input),
    remove: () => rm(home, { recursive: true }),
  };
}

export async function addToken(db: Catalogue, userId: string, scope: TokenScope = 'full'): Promise<string> {
  const token = createToken();
  const expires_at = new Date(Date.now() + 3_600_000);
  await insertToken(db, { id: randomUUID(), user_id: userId, name: randomUUID(), scope, token_hash: hashToken(token), expires_at });
  return token;
}

async function runToEnd(args: readonly string[], environment: Record<string, string>, input: string): Promise<Outcome> {
  const child = spawn(process.execPath, args, { env: environment });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => void (said[name] += text));
  child.stdin.on('error', () => undefined); // a command that does not read its input is no failure
  child.stdin.end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { ...said, exitCode };
}
