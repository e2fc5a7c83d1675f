import { expiryOf, logNameOf } from '../streamed/log-settings.ts';
import { runSql } from '../streamed/server.ts';
import type { ServerFacts } from '../streamed/server-grammar.ts';
import type { SetUpGrammar } from '../streamed/set-up-grammar.ts';
import { turnGtidsOn } from './gtid-mode.ts';
import { server as grammar } from './server.ts';

/** The setting is on its way out: it is written only where somebody has changed it. */
function formatOf({ logFormat }: ServerFacts): string[] {
  return logFormat === 'ROW' ? [] : ['binlog_format = ROW'];
}

export const setUp: SetUpGrammar = {
  tools: [{ command: 'zstd', package: 'zstd' }],
  // CLONE is in the server itself
  findMisfit: async () => undefined,
  configGroup: 'mysqld',
  logSettings: (facts) => [
    ...logNameOf(facts, 'binlog'),
    'gtid_mode = ON',
    'enforce_gtid_consistency = ON',
    ...formatOf(facts),
    'binlog_row_image = FULL',
    ...expiryOf(facts),
  ],
  findUnreplayable: ({ logFormat, gtidMode }) => {
    if (logFormat !== 'ROW') return `binlog_format is ${logFormat} and must be ROW`;
    return gtidMode === 'ON' ? undefined : `gtid_mode is ${gtidMode} and must be ON`;
  },
  async armOnline(context, server, facts) {
    if (facts.logBin === 0) return;
    const settings = [...formatOf(facts), 'binlog_row_image = FULL', ...expiryOf(facts)];
    await runSql(context.host, { server: grammar }, server, settings.map((setting) => `set global ${setting};`).join('\n'));
    await turnGtidsOn(context, server);
  },
};
