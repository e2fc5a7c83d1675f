import { expect, it } from 'vitest';
import { changeKinds } from '#domain/states.ts';
import { isChange, keysOfChange } from '#panel/client/changes.ts';

const change = { id: 'x', databaseId: 'd', policyId: 'p' };

it('a change touches the lists and the things that show it, and what it belongs to', () => {
  expect(keysOfChange({ ...change, kind: 'task' })).toEqual([
    ['tasks', 'list'],
    ['tasks', 'x'],
  ]);
  expect(keysOfChange({ ...change, kind: 'restore' })).toEqual([
    ['restores', 'x'],
    ['databases', 'd'],
    ['policies', 'p'],
  ]);
  expect(keysOfChange({ ...change, kind: 'notice', databaseId: null, policyId: null })).toEqual([['notices', 'list']]);
  for (const kind of changeKinds.filter((each) => each !== 'task'))
    expect(keysOfChange({ ...change, kind })).toContainEqual(['databases', 'd']);
});

it('what is no change is not taken for one', () => {
  expect(isChange({ ...change, kind: 'task' })).toBe(true);
  for (const other of [null, 'task', { kind: 'task' }]) expect(isChange(other)).toBe(false);
});
