import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Writes what the panel's client knows of the API, from docs/openapi.json. openapi-typescript needs the compiler API of
 * TypeScript 5, which would take the place of the own `tsc`: so npm fetches both for this alone.
 */
const packages = ['openapi-typescript@7.13.0', 'typescript@5.9.3'];

const root = join(import.meta.dirname, '..', '..');
const document = join(root, 'docs', 'openapi.json');
const types = join(root, 'panel', 'client', 'openapi.d.ts');

/** Whether the types are those of the document as it is. */
export async function areTypesCurrent(): Promise<boolean> {
  const [first] = (await readFile(types, 'utf8').catch(() => '')).split('\n');
  return first === (await readSign());
}

/** The first line of the types: of which document they are. */
async function readSign(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(document));
  return `// From docs/openapi.json with the SHA-256 ${hash.digest('hex')}, by \`npm run openapi\``;
}

async function writeTypes(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-types-'));
  const output = join(folder, 'openapi.d.ts');
  const args = ['exec', '--yes', '--prefer-offline', ...packages.map((name) => `--package=${name}`), '--'];
  await promisify(execFile)('npm', [...args, 'openapi-typescript', document, '--default-non-nullable=false', '--output', output], {
    cwd: folder,
  });
  await writeFile(types, `${await readSign()}\n${await readFile(output, 'utf8')}`);
  await rm(folder, { recursive: true });
}

if (import.meta.main && !(await areTypesCurrent())) await writeTypes();
