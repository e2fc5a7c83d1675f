import type { NativeConnection } from '@temporalio/worker';
import { messageOf } from '#domain/errors.ts';
import { searchAttributes } from '#domain/names.ts';

/** https://api-docs.temporal.io/#temporal.api.enums.v1.IndexedValueType */
const typeNumbers = { KEYWORD: 2, INT: 3 } as const;
const commandTypes = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/**
 * Makes the search attributes that operators query by, where they are missing: a workflow that sets one that is not there does not
 * go on. Throws with the commands for whoever may make them, where the worker may not.
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const wanted = Object.values(searchAttributes);
  const wrong = wanted.find(({ name, type }) => (customAttributes[name] ?? typeNumbers[type]) !== typeNumbers[type]);
  if (wrong !== undefined)
    throw new Error(`the search attribute ${wrong.name} of namespace ${namespace} is not a ${commandTypes[wrong.type]}: remove it`);
  const missing = wanted.filter(({ name }) => customAttributes[name] === undefined);
  if (missing.length === 0) return;
  try {
    await addSearchAttributes(connection, namespace, missing);
  } catch (error) {
    const commands = missing.map(
      ({ name, type }) => `temporal operator search-attribute create --name ${name} --type ${commandTypes[type]}`,
    );
    throw new Error(`search attributes are missing and cannot be made (${messageOf(error)}). Run:\n${commands.join('\n')}`, {
      cause: error,
    });
  }
}

export async function addSearchAttributes(
  { operatorService }: NativeConnection,
  namespace: string,
  attributes: readonly (typeof searchAttributes)[keyof typeof searchAttributes][] = Object.values(searchAttributes),
): Promise<void> {
  const types = Object.fromEntries(attributes.map(({ name, type }) => [name, typeNumbers[type]]));
  await operatorService.addSearchAttributes({ namespace, searchAttributes: types });
}
