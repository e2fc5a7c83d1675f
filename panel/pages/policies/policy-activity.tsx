import { Anchor, Skeleton, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { type Task, useAttachments, usePolicyTasks } from '../../client/attachments.ts';
import { useDatabases } from '../../client/databases.ts';
import type { Policy } from '../../client/policies.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { PhaseProgress } from '../../parts/task-progress.tsx';
import { Time } from '../../parts/time.tsx';
import { durationWords } from '../../parts/time-words.ts';
import { taskWords } from './policy-words.ts';
import { Section } from '../../parts/section.tsx';

export function PolicyActivity({ policy }: { readonly policy: Policy }) {
  const tasks = usePolicyTasks(policy.id);
  const names = useDatabaseNames(policy);
  return (
    <Section title="Recent activity">
      <ProblemAlert error={tasks.error} />
      {tasks.isPending && <Skeleton height={88} aria-busy />}
      {tasks.data?.length === 0 && <Text size="sm">Nothing has run yet.</Text>}
      {tasks.data !== undefined && tasks.data.length > 0 && (
        <Rows label="Recent activity" rows={tasks.data} rowKey={({ id }) => id} columns={columnsOf(names)} />
      )}
    </Section>
  );
}

function columnsOf(names: ReadonlyMap<string, string>): readonly Column<Task>[] {
  return [
    { title: 'What', cell: ({ kind }) => taskWords[kind] },
    { title: 'Database', cell: ({ databaseId }) => <DatabaseLink id={databaseId} name={names.get(databaseId ?? '')} /> },
    { title: 'Status', cell: (task) => <Outcome task={task} /> },
    { title: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { title: 'Took', cell: (task) => tookWords(task) },
  ];
}

function useDatabaseNames({ id, ownerId }: Policy): ReadonlyMap<string, string> {
  const attached = useAttachments(id).data ?? [];
  const others = useDatabases({ ownerId }).rows;
  return new Map([
    ...others.map((database) => [database.id, database.name] as const),
    ...attached.map(({ databaseId, databaseName }) => [databaseId, databaseName] as const),
  ]);
}

function DatabaseLink({ id, name }: { readonly id: string | null; readonly name: string | undefined }) {
  if (id === null) return '–';
  return (
    <Anchor component={Link} to={`/databases/${id}`}>
      {name ?? 'Database'}
    </Anchor>
  );
}

function Outcome({ task }: { readonly task: Task }) {
  const { status, phase, error } = task;
  return (
    <Stack gap={4} align="flex-start">
      <StatusBadge status={status} />
      {status === 'running' && (
        <Stack gap={4} w="100%" miw={160}>
          {phase !== null && <Text size="sm">{phase}</Text>}
          <PhaseProgress task={task} />
        </Stack>
      )}
      {error !== null && (
        <Text size="sm" className="breaks" maw={480}>
          {error.message}
          {error.hint !== '' && (
            <Text span size="sm" c="dimmed">
              {' '}
              {error.hint}
            </Text>
          )}
        </Text>
      )}
    </Stack>
  );
}

function tookWords({ startedAt, endedAt }: Task): string {
  return startedAt === null || endedAt === null ? '–' : durationWords(Date.parse(endedAt) - Date.parse(startedAt));
}
