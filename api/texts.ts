import type { FieldProblem } from './problems.ts';

/** PostgreSQL keeps neither in a text or in JSON, and Temporal's JSON and UTF-8 not the second: https://www.postgresql.org/docs/current/datatype-character.html */
const unstorable = [
  { isIn: (text: string) => text.includes('\0'), message: 'must not contain the character NUL' },
  { isIn: (text: string) => !text.isWellFormed(), message: 'must not contain half of a surrogate pair' },
] as const;

/** Every text in a value that could not be written down as it is, whatever its field's schema says. */
export function findUnstorable(value: unknown, place: FieldProblem['in'], path: readonly string[] = []): FieldProblem[] {
  if (typeof value === 'string') {
    const found = unstorable.filter(({ isIn }) => isIn(value));
    return found.map(({ message }) => ({ in: place, path: path.join('.'), message }));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...findUnstorable(key, place, path),
    ...findUnstorable(inner, place, [...path, key]),
  ]);
}
