import { defineConfig } from 'vitest/config';

const pure = ['test/domain/**/*.test.ts', 'test/**/*.unit.test.ts'];

const mainJobs = ['test/system/{mariadb,mysql,postgresql}.test.ts'];

function wholeProduct(name: string, include: string[], groupOrder: number, more: { exclude?: string[]; fileParallelism?: boolean } = {}) {
  return {
    extends: true as const,
    test: { name, include, testTimeout: 600_000, hookTimeout: 600_000, maxWorkers: 3, sequence: { groupOrder }, ...more },
  };
}

/**
 * Projects by what they need: `unit` nothing, `workflows` Temporal's test server, `parts` hosts, stores and the
 * catalogue, `panel` the panel's build, the catalogue and a browser, `faults`, `jobs` and `system` the whole product. The groups run one after another: the lab's hosts are used by one file at a time.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: pure, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'workflows',
          include: ['test/workflows/**/*.test.ts', 'test/histories/**/*.test.ts'],
          exclude: pure,
          globalSetup: ['test/workflows/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/{activities,api,cli,db}/**/*.test.ts'],
          globalSetup: ['test/catalogue-server.ts'],
          exclude: pure,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // an engine each: they mostly wait for their hosts
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'panel',
          include: ['test/panel/**/*.test.ts'],
          globalSetup: ['test/catalogue-server.ts', 'test/panel/setup.ts'],
          exclude: pure,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      // one engine a file, so that each has its host to itself
      wholeProduct('faults', ['test/faults/*.test.ts'], 3),
      wholeProduct('jobs', mainJobs, 4),
      wholeProduct('system', ['test/system/*.test.ts'], 5, { exclude: mainJobs, fileParallelism: false }),
    ],
  },
});
