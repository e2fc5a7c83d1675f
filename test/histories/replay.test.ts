import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, inject, test } from 'vitest';
import * as workflows from '#workflows/index.ts';

const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.json'));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

interface Recorded {
  readonly events: {
    readonly workflowExecutionStartedEventAttributes?: { readonly workflowType: { readonly name: string } };
    readonly workflowExecutionContinuedAsNewEventAttributes?: { readonly newExecutionRunId: string };
  }[];
}

function read(name: string): Recorded {
  return JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
}

test('there is a history of every workflow', () => {
  const types = names.map((name) => read(name).events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name);
  expect(new Set(types)).toEqual(new Set(Object.keys(workflows)));
});

test('both sides of a continuation are there', () => {
  const next = read('policy-continues.json').events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  expect(next).toMatch(/./);
  expect(read('policy-continued.json').events[0]?.workflowExecutionStartedEventAttributes).toMatchObject({ originalExecutionRunId: next });
});

test.each(names)('%s replays', async (name) => {
  await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundle') } }, read(name));
});

test('a workflow that was changed under a running one is found', async () => {
  const code = readFileSync(inject('workflowBundle'), 'utf8');
  const changed = code.replaceAll('.planBackup(', '.checkLogs(');
  expect(changed).not.toBe(code);
  await expect(Worker.runReplayHistory({ workflowBundle: { code: changed } }, read('backup.json'))).rejects.toThrow(
    DeterminismViolationError,
  );
});
