import { defineConfig } from 'vitest/config';

const pure = ['test/domain/**/*.test.ts', 'test/**/*.unit.test.ts'];

/**
 * Projects by what they need: `unit` nothing, `workflows` Temporal's test server, `parts` hosts, stores and the
 * catalogue, `system` the whole product. The groups run one after another: the lab's hosts are used by one file at a time.
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
          include: ['test/{activities,api,db}/**/*.test.ts'],
          globalSetup: ['test/catalogue-server.ts'],
          exclude: pure,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/{system,faults}/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
