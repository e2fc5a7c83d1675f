import { expiryOf, logNameOf } from '../streamed/log-settings.ts';
import { runSql } from '../streamed/server.ts';
import type { SetUpGrammar } from '../streamed/set-up-grammar.ts';
import { turnGtidsOn } from './gtid-mode.ts';
import { server as grammar } from './server.ts';

export const setUp: SetUpGrammar = {
  tools: [{ command: 'zstd', package: 'zstd' }],
  // CLONE is in the server itself
  findMisfit: async () => undefined,
  configGroup: 'mysqld',
  logSettings: (facts) => [
    ...logNameOf(facts, 'binlog'),
    'gtid_mode = ON',
    'enforce_gtid_consistency = ON',
    'binlog_row_image = FULL',
    ...expiryOf(facts),
  ],
  async armOnline(context, server, facts) {
    if (facts.logBin === 0) return;
    const settings = ['binlog_row_image = FULL', ...expiryOf(facts)];
    await runSql(context.host, { server: grammar }, server, settings.map((setting) => `set global ${setting};`).join('\n'));
    await turnGtidsOn(context, server);
  },
};
