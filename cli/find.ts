import type { Database, Policy } from './answers.ts';
import { ask, askForAll, type Client } from './client.ts';
import { CommandError } from './failures.ts';

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The API searches for no longer text, and no name is longer. */
const NAME_LENGTH = 100;
const SHOWN_CANDIDATES = 10;

/** By id, or by its whole name. Throws `failed` where there is none, `wrongUse` where a name stands for several. */
export async function findDatabase(client: Client, given: string): Promise<Database> {
  return findNamed(client, given, {
    noun: 'database',
    path: '/databases',
    describe: ({ id, name, engine, host, ownerId }: Database) => `${id}  ${name}  ${engine} on ${host}, owner ${ownerId}`,
  });
}

/** As findDatabase. */
export async function findPolicy(client: Client, given: string): Promise<Policy> {
  return findNamed(client, given, {
    noun: 'policy',
    path: '/policies',
    describe: ({ id, name, store, ownerId }: Policy) => `${id}  ${name}  to ${store.bucket} at ${store.endpoint}, owner ${ownerId}`,
  });
}

interface Kind<T> {
  readonly noun: string;
  readonly path: string;
  describe(thing: T): string;
}

async function findNamed<T extends Database | Policy>(client: Client, given: string, kind: Kind<T>): Promise<T> {
  if (idPattern.test(given)) return ask(client, 'GET', `${kind.path}/${given.toLowerCase()}`);
  const name = given.trim();
  const isPossible = name.length > 0 && name.length <= NAME_LENGTH;
  const { items } = isPossible ? await askForAll<T>(client, kind.path, { search: name }) : { items: [] };
  const [found, ...others] = items.filter((item) => item.name === name);
  if (found === undefined)
    throw new CommandError('failed', `there is no ${kind.noun} "${given}"`, { hint: `${similar(items)}Give its whole name, or its id.` });
  if (others.length === 0) return found;
  const candidates = [found, ...others].map((item) => `\n${kind.describe(item)}`).join('');
  throw new CommandError('wrongUse', `${others.length + 1} are called "${name}":${candidates}`, {
    hint: 'Give the id of the one you mean.',
  });
}

function similar(items: readonly { readonly name: string }[]): string {
  if (items.length === 0) return '';
  const names = items.slice(0, SHOWN_CANDIDATES).map(({ name }) => name);
  return `Similar: ${names.join(', ')}${items.length > names.length ? ' …' : ''}. `;
}
