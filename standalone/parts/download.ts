import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../commands.ts';

interface Download {
  readonly url: string;
  /** Lower-case hex; an archive with another sum is refused. */
  readonly sha256?: string | undefined;
  readonly directory: string;
}

/** How long a server may take to begin its answer: without internet this must fail fast. */
const answerTimeoutMs = 5_000;

/** Fetches a .tar.gz over HTTPS and unpacks it into the directory. */
export async function downloadArchive({ url, sha256, directory }: Download): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)), answerTimeoutMs);
  const response = await fetch(url, { signal: abort.signal }).finally(() => clearTimeout(timer));
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const archive = Buffer.from(await response.arrayBuffer());
  const sum = createHash('sha256').update(archive).digest('hex');
  if (sha256 !== undefined && sum !== sha256) throw new Error(`${url} has the SHA-256 ${sum} instead of ${sha256}`);
  const path = join(directory, 'download.tar.gz');
  await writeFile(path, archive);
  await runCommand('tar', ['-xzf', path, '-C', directory]);
  await rm(path);
}

/** "linux_amd64", as Go projects name their releases. */
export function platformName(): string {
  return `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
}
