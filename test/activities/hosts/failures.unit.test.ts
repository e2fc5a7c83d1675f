import { expect, it } from 'vitest';
import { commandFailure, lastWords } from '#activities/hosts/failures.ts';

it('of what a command said, the last lines are told', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  expect(lastWords(`${lines.join('\n')}\n\n`)).toBe(`: ${lines.slice(-20).join('\n')}`);
  expect(lastWords('\n')).toBe('');
});

it("a stranger's host cannot say more than fits, nor what no catalogue keeps", () => {
  const { message } = commandFailure('true', 1, `${'x'.repeat(1_000_000)}\0end`);
  expect(message.length).toBeLessThan(10_000);
  expect(message).toMatch(/^true: exit code 1: x+end$/);
});
