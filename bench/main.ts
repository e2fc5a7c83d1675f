import { messageOf } from '#domain/errors.ts';
import { benchApi } from './api.ts';
import { benchPolicies } from './policies.ts';
import { benchPostgresql } from './postgresql.ts';
import { benchStreamed } from './streamed.ts';

const [name = '', ...sizes] = process.argv.slice(2);
const benchmarks: Readonly<Record<string, () => Promise<boolean>>> = {
  postgresql: benchPostgresql,
  mariadb: () => benchStreamed('mariadb'),
  mysql: () => benchStreamed('mysql'),
  api: () => benchApi(...sizes.map(Number)),
  policies: () => benchPolicies(...sizes.map(Number)),
};

const benchmark = benchmarks[name];
if (benchmark === undefined) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(benchmarks).join('|')}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await benchmark().then(
    (held) => (held ? 0 : 1),
    (error: unknown) => {
      process.stderr.write(`\n${messageOf(error)}\n`);
      return 1;
    },
  );
}
