import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openApiDocument } from '#api/openapi.ts';
import { createRoutes } from '#api/routes.ts';

/**
 * `node test/panel/write-types.ts` writes what the panel's client knows of the API. openapi-typescript needs the compiler API
 * of
 * TypeScript 5, which would take the place of the own `tsc`: so npm fetches both for this alone.
 */
const packages = ['openapi-typescript@7.13.0', 'typescript@5.9.3'];

export const typesFile = join(import.meta.dirname, '..', '..', 'panel', 'client', 'openapi.d.ts');

/** The first line of the file: of which document the types are. */
export function signOf(document: string): string {
  return `// By test/panel/write-types.ts from the OpenAPI document with the SHA-256 ${createHash('sha256').update(document).digest('hex')}`;
}

export function describeApi(): string {
  return JSON.stringify(openApiDocument(createRoutes(), 'types'));
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-types-'));
  const [document, output] = [join(folder, 'openapi.json'), join(folder, 'openapi.d.ts')];
  await writeFile(document, describeApi());
  const args = ['exec', '--yes', '--prefer-offline', ...packages.map((name) => `--package=${name}`), '--'];
  await promisify(execFile)('npm', [...args, 'openapi-typescript', document, '--default-non-nullable=false', '--output', output], {
    cwd: folder,
  });
  await writeFile(typesFile, `${signOf(describeApi())}\n${await readFile(output, 'utf8')}`);
  await rm(folder, { recursive: true });
}
