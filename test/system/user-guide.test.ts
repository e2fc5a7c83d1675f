import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quote } from '#activities/hosts/script.ts';
import { tryCommand } from '#standalone/commands.ts';
import { createBucket } from '../lab.ts';
import { startTestProduct, type TestProduct } from '../product.ts';

let house: TestProduct;
let folder: string;

beforeAll(async () => {
  house = await startTestProduct();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-guide-'));
});
afterAll(async () => {
  await house.stop();
  await rm(folder, { recursive: true, force: true });
});

it('the user guide does what it says, command by command', async () => {
  const guide = await readFile(new URL('../../docs/user-guide.md', import.meta.url), 'utf8');
  const commands = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block ?? '').join('\n');
  const { bucket, lab } = await createBucket('guide');
  const [keyFile, caFile] = [join(folder, 'key'), join(folder, 'ca.pem')];
  await writeFile(keyFile, lab.sshPrivateKey, { mode: 0o600 });
  await writeFile(caFile, lab.s3.caPem);
  const variables = {
    PASSWORD: house.adminPassword,
    HOST: lab.hosts['pg-primary'].address,
    SSH_KEY_FILE: keyFile,
    S3_ENDPOINT: lab.s3.endpoint,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY: lab.s3.rootAccessKey,
    S3_SECRET_KEY: lab.s3.rootSecretKey,
    S3_CA_FILE: caFile,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}\n`);
  const entry = new URL('../../cli/main.ts', import.meta.url).pathname;
  const tidemark = `tidemark() { ${quote(process.execPath)} ${quote(entry)} "$@"; }\n`;
  const script = `${assignments.join('')}${tidemark}${commands.replace('http://127.0.0.1:8700', house.product.apiUrl)}`;
  const result = await tryCommand('bash', ['-euo', 'pipefail', '-s'], { cwd: folder, input: script, timeoutMs: 500_000 });
  expect(result.exitCode, `${result.stdout}\n${result.stderr}`).toBe(0);
  expect(result.stdout).toContain('["incremental","completed"');
});
