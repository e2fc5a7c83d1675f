import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoutes } from '#api/routes.ts';
import { updatePolicy } from '#db/policies.ts';
import { ensureSchemathesis, type Schemathesis } from '../schemathesis.ts';
import { addAttached, addBackup, addDatabase, addPolicy, addRestore, addTask } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import type { Caller } from './world.ts';

let live: LiveWorld;
let schemathesis: Schemathesis;
beforeAll(async () => {
  // whatever hosts are made up, only this one is ever connected to
  [live, schemathesis] = await Promise.all([
    startLiveWorld({ lookup: () => Promise.resolve([{ address: '127.77.77.77' }]) }),
    ensureSchemathesis(),
  ]);
  await live.startWorkers();
});
afterAll(() => live.stop());

const routes = createRoutes();

/** What is there to be asked for, by the noun of the path. */
type Things = Readonly<Record<string, readonly string[]>>;

async function addThings({ id }: Caller): Promise<Things> {
  const { world } = live;
  const of = await addAttached(world, id);
  const backup = await addBackup(world.db, of);
  const deleted = await addPolicy(world, id);
  await updatePolicy(world.db, deleted, { deleted_at: new Date() });
  return {
    databases: [of.databaseId, await addDatabase(world, id, { name: 'free' }), await addDatabase(world, id, { status: 'error' })],
    policies: [of.policyId, await addPolicy(world, id, { name: 'unused' }), deleted],
    backups: [backup, await addBackup(world.db, of, { status: 'failed' })],
    restores: [await addRestore(world.db, of, backup)],
    tasks: [await addTask(world.db, id, of.databaseId)],
    names: ['free', 'unused'],
  };
}

/** Mostly ids of what is there, so that requests come as far as what they ask for. */
function settingsOf(auth: string, things: Things): string {
  const list = (values: readonly string[]) => JSON.stringify(values);
  const dictionaries = Object.entries(things).map(([noun, values]) => `[dictionaries.${noun}]\nvalues = ${list(values)}`);
  const bind = (name: string, dictionary: string) => `"${name}" = { dictionary = "${dictionary}", probability = 0.7 }`;
  const everywhere = [bind('body.confirmName', 'names'), bind('body.backupId', 'backups'), bind('body.databaseId', 'databases')];
  const paths = [...new Set(routes.map(({ path }) => path))].flatMap((path) => {
    const noun = path.split('/')[3] ?? '';
    if (!path.includes('{id}') || things[noun] === undefined) return [];
    const bound = [bind('path.id', noun), ...(path.includes('{databaseId}') ? [bind('path.databaseId', 'databases')] : []), ...everywhere];
    return [`[[operations]]\ninclude-path = "${path}"\nparameters = { ${bound.join(', ')} }`];
  });
  const stateful = '[phases.stateful.generation]\nmax-examples = 15';
  return [auth, stateful, ...dictionaries, ...paths].join('\n\n');
}

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'missing_required_header',
  'use_after_free',
  'ensure_resource_availability',
  'ignored_auth',
  // not positive_data_acceptance: what fields have to do with each other, and passwords with their owners, no JSON schema can say
];

/** Events come as long as one listens: test/api/events.test.ts. */
const endless = ['--exclude-operation-id', 'watchChanges'];

/** One worker each: with several, Python 3.11's own parser fails now and then. */
async function expectNothingFound(settings: string, args: readonly string[]): Promise<void> {
  // how long it takes to make up a request depends on the machine, and is no matter of the API's
  const patient = ['--request-timeout', '60', '--suppress-health-check', 'all'];
  const fixed = ['--seed', '1', '--generation-database', 'none', '--no-shrink', '--warnings', 'off', '--continue-on-failure', ...patient];
  const url = `${live.world.url}/api/v1/openapi.json`;
  const { exitCode, stdout, stderr } = await schemathesis.run(url, settings, [...fixed, ...endless, '--checks', checks.join(','), ...args]);
  expect(stdout, `${stdout}\n${stderr}`).toContain('No issues found');
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
}

/** Of a program with a token that may do everything which tokens may. */
async function program(caller: Caller): Promise<string> {
  const { headers } = await live.world.addProgram(caller.id, 'full');
  return `[auth.openapi.token]\nbearer = "${headers['authorization']?.replace('Bearer ', '')}"`;
}

describe.concurrent('schemathesis, which makes up requests from the OpenAPI document, finds nothing wrong with the answers', () => {
  it("to an admin's program, on all routes, what hangs together included", { timeout: 1_200_000 }, async () => {
    const caller = await live.world.addCaller('admin');
    await expectNothingFound(settingsOf(await program(caller), await addThings(caller)), ['--max-examples', '5']);
  });

  it("to a user's program", { timeout: 1_200_000 }, async () => {
    const caller = await live.world.addCaller();
    const phases = ['--phases', 'examples,fuzzing,stateful', '--max-examples', '5'];
    await expectNothingFound(settingsOf(await program(caller), await addThings(caller)), phases);
  });

  it("to an admin's session, on the routes that want one", { timeout: 1_200_000 }, async () => {
    const caller = await live.world.addCaller('admin');
    const auth = `[auth.openapi.session]\napi_key = "${caller.headers['cookie']?.replace('tidemark_session=', '')}"`;
    // it goes on being needed
    const ends = ['deleteCurrentSession', 'changePassword'];
    const wanting = routes.filter(({ needs, operationId }) => needs?.endsWith('session') && !ends.includes(operationId));
    const only = wanting.flatMap(({ operationId }) => ['--include-operation-id', operationId]);
    await expectNothingFound(settingsOf(auth, {}), [...only, '--phases', 'examples,coverage,fuzzing', '--max-examples', '5']);
  });
});
