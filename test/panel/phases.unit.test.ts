import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TaskKind } from '#domain/states.ts';
import { phasesOf, stepsOf, undoing } from '#panel/parts/phases.ts';

const root = join(import.meta.dirname, '..', '..');

describe("a task's phases", () => {
  it('are known to the panel by the names that the activities give them', () => {
    const named = globSync('activities/*.ts', { cwd: root })
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .flatMap((text) => [...text.matchAll(/(?:\bwrapLong\(\s*db,\s*|\bstep\()'([^']+)'/g)].map(([, phase]) => phase ?? ''));
    const kinds = Object.keys(phasesOf) as TaskKind[];
    const known = new Set([...kinds.flatMap((kind) => phasesOf[kind]), ...undoing, 'Removing the backups']);
    expect(new Set(named)).toEqual(known);
  });

  it('are ticked while the task goes on, and not before what may also be an undoing', () => {
    expect(told('attach', 'running', 'Backing up')).toEqual({
      done: ['Installing backup tools', 'Configuring log archiving'],
      at: ['Backing up'],
      open: ['Checking the log archive'],
    });
    expect(told('attach', 'running', 'Turning log archiving off')).toEqual({ at: ['Turning log archiving off'] });
    expect(told('restore', 'running', 'Putting the former data back')).toEqual({ at: ['Putting the former data back'] });
    expect(told('restore', 'running', 'Cleaning up')).toEqual({ at: ['Cleaning up'] });
    expect(told('restore', 'running', 'Backing up').done).toContain('Exchanging the data directories');
  });

  it('are none but the last where the task has failed', () => {
    expect(told('restore', 'failed', 'Planning')).toEqual({ failed: ['Planning'] });
    expect(told('restore', 'failed', 'Cleaning up')).toEqual({ at: ['Cleaning up'] });
    expect(told('backup', 'failed', null)).toEqual({});
  });

  it('are ticked as far as a completed task has come', () => {
    expect(told('configure', 'completed', 'Checking the log archive').done).not.toContain('Backing up');
    expect(told('backup', 'completed', 'Checking the log archive')).toEqual({ done: ['Backing up', 'Checking the log archive'] });
    expect(told('delete', 'queued', null, null)).toEqual({ open: ['Removing the backups'] });
    expect(told('delete', 'completed', 'Removing the backups', null)).toEqual({ done: ['Removing the backups'] });
  });
});

/** Of a task the names of its phases by what is said of them. */
function told(kind: TaskKind, status: string, phase: string | null, databaseId: string | null = 'database'): Record<string, string[]> {
  const said: Record<string, string[]> = {};
  for (const step of stepsOf({ kind, status, phase, databaseId })) (said[step.state] ??= []).push(step.phase);
  return said;
}
