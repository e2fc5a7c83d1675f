import { createStreamedEngine } from '../streamed/engine.ts';
import { backup } from './back-up.ts';
import { binlog } from './binlog.ts';
import { replica } from './replica.ts';
import { restore } from './restore.ts';
import { server } from './server.ts';
import { setUp } from './set-up.ts';

export const mariadb = createStreamedEngine({
  name: 'mariadb',
  title: 'MariaDB',
  capabilities: {
    backupNeedsLogs: false,
    archivesByItself: false,
    incrementalsFromLogs: false,
    credentialsOnHost: false,
    defaultPort: 3306,
    oldestVersion: '10.11',
  },
  server,
  setUp,
  backup,
  replica,
  restore,
  binlog,
});
