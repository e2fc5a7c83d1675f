import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const root = new URL('..', import.meta.url);
const document = await readFile(new URL('docs/security.md', root), 'utf8');

/** `file` "title". */
const named = [...document.matchAll(/`(test\/[\w./-]+\.ts)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }));
/** "- **1.2.3, 1.2.4** verdict". */
const judged = [...document.matchAll(/^- \*\*([\d., ]+)\*\* (.*)$/gm)].map(([, ids = '', verdict = '']) => ({
  ids: ids.split(', '),
  verdict,
}));

/** The requirements of levels 1 and 2 of the OWASP ASVS 5.0.0: each section, and how many there are; those of level 3 come behind them. */
const sections = [
  '1.1:2 1.2:9 1.3:11 1.4:3 1.5:2',
  '2.1:3 2.2:3 2.3:4 2.4:1',
  '3.2:2 3.3:4 3.4:6 3.5:5 3.7:2',
  '4.1:3 4.2:1 4.3:2 4.4:4',
  '5.1:1 5.2:3 5.3:2 5.4:3',
  '6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4',
  '7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2',
  '8.1:2 8.2:3 8.3:1 8.4:1',
  '9.1:3 9.2:4',
  '10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3',
  '11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1',
  '12.1:3 12.2:2 12.3:4',
  '13.1:1 13.2:5 13.3:2 13.4:5',
  '14.1:2 14.2:4 14.3:3',
  '15.1:3 15.2:3 15.3:7',
  '16.1:1 16.2:5 16.3:4 16.4:3 16.5:3',
  '17.1:1 17.2:4 17.3:2',
];

describe('docs/security.md', () => {
  it('names only tests that exist', async () => {
    expect(named.length).toBeGreaterThan(100);
    const sources = new Map<string, string>();
    for (const { file } of named) sources.set(file, await readFile(new URL(file, root), 'utf8').catch(() => ''));
    expect(named.filter(({ file, title }) => !hasTest(sources.get(file) ?? '', title))).toEqual([]);
  });

  it('judges each requirement of levels 1 and 2 once, and no other', () => {
    const asked = sections
      .flatMap((chapter) => chapter.split(' '))
      .flatMap((entry) => {
        const [section, count] = entry.split(':');
        return Array.from({ length: Number(count) }, (_, index) => `${section}.${index + 1}`);
      });
    expect(asked).toHaveLength(253);
    expect(judged.flatMap(({ ids }) => ids).toSorted()).toEqual(asked.toSorted());
  });

  it('gives each verdict with a test or a reason', () => {
    const form = /^(holds?|does not hold|do not hold|does not apply|do not apply|is the operator's)\b[^:,;]*[:,;] \S/;
    for (const { ids, verdict } of judged) expect(verdict, ids.join()).toMatch(form);
  });
});

/** As the first argument of a test, or behind its table of cases. */
function hasTest(source: string, title: string): boolean {
  const quoted = title.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?:\b(?:it|test)|\]|\))\(\s*['"\`]${quoted}['"\`]`).test(source);
}
