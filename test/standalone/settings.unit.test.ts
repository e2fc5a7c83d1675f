import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { handedOn, readSettings, refused } from '#standalone/settings.ts';

const own = ['TIDEMARK_DATA_DIR', 'TIDEMARK_CACHE_DIR', 'TIDEMARK_API_PORT'];
const textOf = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What of ARCHITECTURE.md's table is of whom. */
let table: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  const rows = [...(await textOf('ARCHITECTURE.md')).matchAll(/^\| (.*`T[A-Z_]+`.*?) +\| ([a-z, ]+?) +\|/gm)];
  table = new Map(
    rows.flatMap(([, names = '', of = '']) => [...names.matchAll(/`(T[A-Z_]+)`/g)].map(([, name = '']) => [name, of.split(', ')] as const)),
  );
});
const ofTable = (whose: string): string[] => [...table].flatMap(([name, of]) => (of.includes(whose) ? [name] : [])).toSorted();

describe('the environment', () => {
  it.each(['api', 'worker'])("of the %s is ARCHITECTURE's", async (process) => {
    const read = [...(await textOf(`${process}/settings.ts`)).matchAll(/^ {2}(T[A-Z_]+): z|^ {2}(T[A-Z_]+): milliseconds/gm)];
    expect(read.map(([, name, other]) => name ?? other ?? '').toSorted()).toEqual(ofTable(process));
  });

  it('of npm start is as ARCHITECTURE says, and what it neither hands on nor has of its own it refuses', () => {
    expect([...handedOn, ...own].toSorted()).toEqual(ofTable('standalone'));
    const others = [...ofTable('api'), ...ofTable('worker')].filter((name) => name.startsWith('TIDEMARK_'));
    expect([...new Set(others)].filter((name) => !ofTable('standalone').includes(name)).toSorted()).toEqual([...refused].toSorted());
  });
});

describe('npm start', () => {
  it('hands on what is set', () => {
    expect(readSettings({})).toMatchObject({ dataDir: './data', apiPort: 8700 });
    const { environment } = readSettings({ TIDEMARK_METRICS_PORT: '9187', TEMPORAL_ADDRESS: 'elsewhere:7233', HOME: '/root' });
    expect(JSON.parse(JSON.stringify(environment))).toEqual({ TIDEMARK_METRICS_PORT: '9187' });
  });

  it.each(refused)('does not pass over %s', (name) => {
    expect(() => readSettings({ [name]: 'x' })).toThrow(`${name} is for an API and a worker that run by themselves`);
    expect(() => readSettings({ [name]: '' })).not.toThrow();
  });
});
