import type { Traits } from '../health.ts';

export const traits: Traits = {
  title: 'PostgreSQL',
  capabilities: {
    backupNeedsLogs: true,
    archivesByItself: true,
    incrementalsFromLogs: false,
    credentialsOnHost: true,
    defaultPort: 5432,
    oldestVersion: '15',
  },
};
