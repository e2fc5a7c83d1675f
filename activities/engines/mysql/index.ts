import { createStreamedEngine } from '../streamed/engine.ts';
import { backup } from './back-up.ts';
import { binlog } from './binlog.ts';
import { replica } from './replica.ts';
import { restore } from './restore.ts';
import { server } from './server.ts';
import { setUp } from './set-up.ts';

export const mysql = createStreamedEngine({
  name: 'mysql',
  title: 'MySQL',
  // An incremental is made of binary logs.
  capabilities: {
    backupNeedsLogs: true,
    archivesByItself: false,
    incrementalsFromLogs: true,
    credentialsOnHost: false,
    defaultPort: 3306,
    oldestVersion: '8.4',
  },
  server,
  setUp,
  backup,
  replica,
  restore,
  binlog,
});
