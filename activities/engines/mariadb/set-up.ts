import type { SetUpGrammar } from '../streamed/set-up-grammar.ts';
import { runSql } from '../streamed/server.ts';
import { expiryOf, logNameOf } from '../streamed/log-settings.ts';
import { server as grammar } from './server.ts';

export const setUp: SetUpGrammar = {
  tools: [
    { command: 'mariadb-backup', package: 'mariadb-backup' },
    { command: 'zstd', package: 'zstd' },
  ],
  // https://mariadb.com/kb/en/mariadb-backup-overview/: the tool must be of the server's series
  async findMisfit({ host }, { version, series }) {
    const { stdout, stderr } = await host.tryRun('mariadb-backup --version');
    const found = /MariaDB server (\d+\.\d+)/.exec(stdout + stderr)?.[1];
    return found === series
      ? undefined
      : `MariaDB ${version} needs mariadb-backup of its own series ${series} on the host; found ${found ?? 'none'}`;
  },
  configGroup: 'mariadbd',
  logSettings: (facts) => [...logNameOf(facts, 'mariadb-bin'), 'binlog_format = ROW', 'binlog_row_image = FULL', ...expiryOf(facts)],
  findUnreplayable: ({ logFormat }) => (logFormat === 'ROW' ? undefined : `binlog_format is ${logFormat} and must be ROW`),
  async armOnline({ host }, server, facts) {
    if (facts.logBin === 0) return;
    const settings = ['binlog_format = ROW', 'binlog_row_image = FULL', ...expiryOf(facts)];
    await runSql(host, { server: grammar }, server, settings.map((setting) => `set global ${setting};`).join('\n'));
  },
};
