import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#domain/errors.ts';
import type { EngineName } from '#domain/states.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import type { PartsContext } from '#standalone/parts/cache.ts';
import { stopDockerIfOurs } from '#standalone/parts/docker.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { startProduct } from '#standalone/product.ts';
import { createApplication } from './application.ts';
import type { ApiClient } from './client.ts';
import { signIn } from './client.ts';
import { playFailureStreak } from './failure-streak.ts';
import { enginesOf, startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { startMailServer } from './mail-server.ts';
import { playMainJob } from './story.ts';
import type { Steps, StoryEnd } from './story.ts';
import { startWriter } from './writer.ts';
import type { WrittenRow } from './writer.ts';

const exits = process.argv.includes('--exit') || process.env['CI'] !== undefined;
const ROWS = 20_000;

const asked = Promise.withResolvers<never>();
asked.promise.catch(() => undefined);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.reject(new Error('stopped')));

process.exitCode = await main().then(
  () => 0,
  (error: unknown) => {
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  },
);

async function main(): Promise<void> {
  const context: PartsContext = {
    cacheDir: findCacheDir(process.env),
    progress: createProgress((text) => void process.stdout.write(text)),
  };
  const dataDir = await mkdtemp('/tmp/tidemark-demo-');
  const open: { stop(): Promise<unknown> }[] = [
    { stop: () => rm(dataDir, { recursive: true, force: true }) },
    { stop: () => stopDockerIfOurs(context.cacheDir) },
  ];
  try {
    await Promise.race([run(context, join(dataDir, 'data'), open), asked.promise]);
  } finally {
    await context.progress.step('Cleaning up', () => stopAll(open));
  }
}

/** In the reverse order of their start; one that does not stop keeps no other from stopping. */
async function stopAll(open: { stop(): Promise<unknown> }[]): Promise<void> {
  const failures: unknown[] = [];
  for (let part = open.pop(); part !== undefined; part = open.pop()) await part.stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function run(context: PartsContext, dataDir: string, open: { stop(): Promise<unknown> }[]): Promise<void> {
  const { progress } = context;
  const engines = enginesOf(process.argv.slice(2));
  const lab = await startLab({ ...context, name: 'demo', subnet: '10.213.77', engines });
  open.push(lab);
  const mails = await startMailServer();
  open.push(mails);
  const product = await startProduct({ ...context, dataDir, apiPort: 8700, environment: { TIDEMARK_MAIL_URL: mails.url } });
  open.push(product);
  const api = await signIn(product.apiUrl, product.adminEmail, product.adminPassword ?? '');
  const wrong: EngineName[] = [];
  for (const engine of engines) {
    const table = createSteps(progress.line, engine);
    const { isRight, end } = await Promise.race([play(lab, api, engine, table.steps, open), product.failed]);
    if (!isRight) wrong.push(engine);
    else if (engine === engines.at(-1)) await Promise.race([playFailureStreak(lab, api, end, mails, table.steps), product.failed]);
    progress.line(table.print());
  }
  progress.line(`Tidemark    ${product.apiUrl}`);
  progress.line(`Temporal UI ${product.temporalUiUrl}`);
  if (wrong.length > 0) throw new Error(`The rows are NOT what had been committed before the chosen second: ${wrong.join(', ')}.`);
  progress.line(`\nThe rows are exactly those that had been committed before the chosen second: ${engines.join(', ')}.`);
  if (exits) return;
  progress.line(`Sign in as ${product.adminEmail} with ${product.adminPassword ?? '(see the first start)'}. Ctrl-C ends it all.`);
  await product.failed;
}

async function play(
  lab: Lab,
  api: ApiClient,
  engine: EngineName,
  steps: Steps,
  open: { stop(): Promise<unknown> }[],
): Promise<{ readonly isRight: boolean; readonly end: StoryEnd }> {
  const writer = await steps.run(`Start an application that writes (${ROWS} rows, then steadily)`, async () =>
    startWriter(await createApplication(lab, engine), ROWS),
  );
  open.push(writer);
  const end = await playMainJob(lab, api, engine, writer, steps);
  const { target } = end;
  const isRight = await steps.run('Compare row for row', async (tell) => {
    const [expected, found] = [writer.committedBefore(target), await writer.read()];
    tell(`${expected.length} rows expected, ${found.length} found, ${differences(expected, found)} differ`);
    return differences(expected, found) === 0;
  });
  return { isRight, end };
}

function differences(expected: readonly WrittenRow[], found: readonly WrittenRow[]): number {
  const lines = new Set(expected.map((row) => JSON.stringify(row)));
  const same = found.filter((row) => lines.has(JSON.stringify(row))).length;
  return expected.length - same + (found.length - same);
}

/** Progress lines as the steps go, and their table at the end. */
function createSteps(line: (text: string) => void, title: string): { steps: Steps; print(): string } {
  const done: { name: string; seconds: number }[] = [];
  const steps: Steps = {
    async run(name, work) {
      const from = performance.now();
      line(`\n${title}: ${name}`);
      const result = await work((words) => line(`  ${words}`));
      done.push({ name, seconds: (performance.now() - from) / 1000 });
      return result;
    },
  };
  return {
    steps,
    print: () => ['', title, ...done.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`), ''].join('\n'),
  };
}
