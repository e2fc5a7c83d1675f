import { defineConfig } from 'vitest/config';

const pure = ['test/domain/**/*.test.ts', 'test/**/*.unit.test.ts'];

const engines = ['test/activities/engines/{mariadb,mysql,postgresql}.test.ts'];

const mainJobs = ['test/system/{mariadb,mysql,postgresql}.test.ts'];

function onHosts(name: string, include: string[], groupOrder: number, more: { exclude?: string[]; fileParallelism?: boolean } = {}) {
  return {
    extends: true as const,
    test: { name, include, testTimeout: 600_000, hookTimeout: 600_000, maxWorkers: 3, sequence: { groupOrder }, ...more },
  };
}

/** One file at a time: three engines are at work beside them (run.ts). */
function parts(name: string, include: string[], more: { globalSetup?: string[]; exclude?: string[] } = {}) {
  return {
    extends: true as const,
    test: { name, include, exclude: pure, testTimeout: 120_000, hookTimeout: 300_000, maxWorkers: 1, sequence: { groupOrder: 1 }, ...more },
  };
}

const catalogue = 'test/catalogue-server.ts';

/**
 * Projects by what they need: `unit` nothing, `engines` the lab's hosts and stores, `panel` the panel's build, the catalogue and a browser,
 * `parts` stores and the catalogue, `workflows` Temporal's test server; `faults`, `jobs` and `system` the whole product. Groups run one
 * after another: the lab's hosts are used by one file at a time.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: pure, sequence: { groupOrder: 0 } } },
      // one engine a file, so that each has its host to itself
      onHosts('engines', engines, 2),
      parts('panel', ['test/panel/**/*.test.ts'], { globalSetup: [catalogue, 'test/panel/setup.ts'] }),
      parts('parts', ['test/{activities,api,cli,db,standalone}/**/*.test.ts'], {
        globalSetup: [catalogue],
        exclude: [...pure, ...engines],
      }),
      parts('workflows', ['test/{workflows,histories}/**/*.test.ts'], { globalSetup: ['test/workflows/setup.ts'] }),
      onHosts('faults', ['test/faults/*.test.ts'], 3),
      onHosts('jobs', mainJobs, 4),
      onHosts('system', ['test/system/*.test.ts'], 5, { exclude: mainJobs, fileParallelism: false }),
    ],
  },
});
