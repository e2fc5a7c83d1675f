/** Who may import whom: the linter holds this table, and a test compares it with each room's sign. */
export interface Room {
  readonly name: string;
  readonly may: readonly string[];
  /** Outside libraries beside Node's own. */
  readonly outside: readonly string[];
  readonly typesOnly?: readonly string[];
}

export const rooms: readonly Room[] = [
  { name: 'domain', may: [], outside: ['zod'] },
  { name: 'workflows', may: ['domain'], outside: ['@temporalio/workflow'], typesOnly: ['activities'] },
  { name: 'db', may: ['domain'], outside: ['kysely', 'pg'] },
  {
    name: 'activities',
    may: ['domain', 'db'],
    outside: ['ssh2', '@aws-sdk/client-s3', '@aws-sdk/lib-storage', '@smithy/node-http-handler', '@temporalio/activity', 'nodemailer'],
  },
  { name: 'worker', may: ['domain', 'db', 'activities'], outside: ['@temporalio/worker', 'zod'] },
  {
    name: 'api',
    may: ['domain', 'db'],
    outside: [
      'express',
      '@temporalio/client',
      'express-rate-limit',
      'express-static-gzip',
      'pino',
      'prom-client',
      'swagger-ui-dist',
      'zod',
      '@zxcvbn-ts/core',
      '@zxcvbn-ts/language-common',
    ],
    typesOnly: ['workflows'],
  },
  { name: 'cli', may: ['domain'], outside: ['commander'] },
  {
    name: 'panel',
    may: ['domain'],
    outside: [
      'react',
      'react-dom',
      'react-router',
      '@mantine/core',
      '@mantine/form',
      '@mantine/hooks',
      '@mantine/notifications',
      '@tabler/icons-react',
      '@tanstack/react-query',
      'get-nonce',
      'openapi-fetch',
    ],
  },
];

/** May import every room. */
export const openRooms = ['standalone', 'lab', 'test', 'bench'] as const;
