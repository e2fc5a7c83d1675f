import { describe, expect, it } from 'vitest';
import { nameSchema } from '#domain/text.schema.ts';

describe('a name', () => {
  it('is written in any script', () => {
    for (const name of ['orders', 'Bücher', 'مخزن', 'מלאי', '注文', '👨‍👩‍👧 family']) expect(nameSchema.parse(` ${name} `)).toBe(name);
  });

  it.each([
    ['a second line', 'a\r\nBcc: x@example.com'],
    ['a line separator', 'a\u2028b'],
    ['a NUL', 'a\0b'],
    ['an escape sequence', '\x1b[31mred'],
    ['what turns the direction of writing', 'invoice\u202egnp.exe'],
    ['an isolate of another direction', '\u2067a\u2069'],
    ['nothing but spaces', '  '],
    ['more than 100 characters', 'x'.repeat(101)],
  ])('is refused with %s', (_, name) => {
    expect(nameSchema.safeParse(name).success).toBe(false);
  });
});
