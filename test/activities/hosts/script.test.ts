import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, raw, sh } from '#activities/hosts/script.ts';

function bash(script: string): string {
  const { stdout, stderr, status } = spawnSync('bash', ['-s'], { input: script });
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  return stdout.toString();
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '"', '\\', '$(id)', '`id`', '${HOME}', '!', '*', ';', '&', '|', ' ', '\t', '-', '~', '#'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll(/[\0\n\r]/g, ''));

describe('quote', () => {
  it('brings any value through a real bash unchanged, as one word', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 20 }), (values) => {
        expect(bash(`printf '%s\\n' ${values.map(quote).join(' ')}`)).toBe(values.map((value) => `${value}\n`).join(''));
      }),
      { numRuns: 100 },
    );
  });

  it.each(['a\0b', 'a\nb', 'a\rb'])('refuses %j', (value) => {
    expect(() => quote(value)).toThrow('cannot be quoted');
  });
});

describe('sh', () => {
  it('quotes values, makes several words of a list, and inserts raw pieces as they are', () => {
    const script = sh`printf '<%s>\n' ${"it's $HOME"} ${['a b', 'c']} ${7} ${raw('$((1+1))')}`;
    expect(bash(script)).toBe("<it's $HOME>\n<a b>\n<c>\n<7>\n<2>\n");
  });

  it('refuses a value that is undefined', () => {
    const values: string[] = [];
    expect(() => sh`echo ${values[0] as string}`).toThrow('undefined');
  });
});
