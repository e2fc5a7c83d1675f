import type { FieldProblem } from './problems.ts';
import { MAX_PROBLEMS, pathOf } from './problems.ts';

/** PostgreSQL keeps neither in a text or in JSON, and no UTF-8 holds the second: https://www.postgresql.org/docs/current/datatype-character.html */
const unstorable = [
  { isIn: (text: string) => text.includes('\0'), message: 'must not contain the character NUL' },
  { isIn: (text: string) => !text.isWellFormed(), message: 'must not contain half of a surrogate pair' },
] as const;

/** The texts in a value that could not be written down as they are, whatever their fields' schemas say. */
export function findUnstorable(value: unknown, place: FieldProblem['in']): FieldProblem[] {
  const found: FieldProblem[] = [];
  collect(value, place, [], found);
  return found;
}

function collect(value: unknown, place: FieldProblem['in'], path: readonly string[], found: FieldProblem[]): void {
  if (typeof value === 'string') {
    const problems = unstorable.filter(({ isIn }) => isIn(value));
    found.push(...problems.map(({ message }) => ({ in: place, path: pathOf(path), message })));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (found.length >= MAX_PROBLEMS) return;
      collect(key, place, path, found);
      collect(inner, place, [...path, key], found);
    }
  }
}
