import type { Route } from './route.ts';

interface Tag {
  readonly name: string;
  readonly description?: string;
  /** Segments of paths that stand for it. */
  readonly nouns: readonly string[];
}

const known: readonly Tag[] = [
  { name: 'Sessions', description: 'Signing in and out, for people.', nouns: ['sessions'] },
  { name: 'Account', description: 'What concerns whoever is signed in.', nouns: ['me'] },
  { name: 'Tokens', description: 'Signing in, for programs.', nouns: ['tokens'] },
  { name: 'Users', description: 'Who may sign in.', nouns: ['users'] },
  {
    name: 'Databases',
    description: 'Database servers, and how their hosts are reached.',
    nouns: ['databases', 'ssh-keys', 'database-tests', 'connection-tests'],
  },
  {
    name: 'Policies',
    description: 'Storage, schedule, retention, point-in-time recovery and encryption.',
    nouns: ['policies', 'recovery-kits'],
  },
  { name: 'Stores', description: 'Whether a bucket can be used.', nouns: ['store-tests'] },
  { name: 'Attachments', description: 'Databases under a policy.', nouns: ['attachments', 'pitr-retries'] },
  { name: 'Backups', description: 'Fulls and incrementals, and what retention removes of them.', nouns: ['backups', 'retention-plan'] },
  {
    name: 'Restores',
    description: 'Bringing a database back to a backup or to a time.',
    nouns: ['restores', 'restore-plan', 'recovery-window'],
  },
  { name: 'Tasks', description: 'Every operation as it goes on.', nouns: ['tasks'] },
  { name: 'Overview', description: 'What needs somebody, what runs, and what is stored.', nouns: ['overview'] },
  { name: 'Events', description: 'What changes, as it happens.', nouns: ['events'] },
  { name: 'Notices', description: 'The mails.', nouns: ['notices'] },
  { name: 'Audit', description: 'Who did what.', nouns: ['audit-rows'] },
  { name: 'Service', description: 'The API itself.', nouns: ['healthz', 'readyz', 'openapi.json', 'installation'] },
];

/** Those that routes use, in the order in which the documentation shows them. */
export function tags(routes: readonly Route[]): { name: string; description?: string | undefined }[] {
  const used = new Set(routes.map(tagOf));
  const others = [...used].filter((name) => known.every((tag) => tag.name !== name));
  const described = known.filter(({ name }) => used.has(name)).map(({ name, description }) => ({ name, description }));
  return [...described, ...others.map((name) => ({ name }))];
}

/** By the last noun of the path that stands for a tag; a resource that is not known here is its own. */
export function tagOf({ path }: Route): string {
  const segments = path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'));
  const tag = segments.toReversed().flatMap((segment) => known.filter(({ nouns }) => nouns.includes(segment)));
  return tag[0]?.name ?? segments[2] ?? 'Service';
}
