import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Task } from '../../client/tasks.ts';
import type { Column } from '../../parts/data-table.tsx';
import { sentence } from '../../parts/sentence.ts';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { PhaseProgress } from '../../parts/task-progress.tsx';
import { taskWords } from '../../parts/task-words.ts';
import { Time } from '../../parts/time.tsx';
import { Took } from './took.tsx';

/** How a list shows tasks. */
export const taskColumns: readonly Column<Task>[] = [
  {
    title: 'What',
    cell: ({ id, kind }) => (
      <Anchor component={Link} to={`/activity/${id}`} fw={600}>
        {taskWords[kind]}
      </Anchor>
    ),
  },
  { title: 'Database', cell: (task) => <DatabaseLink task={task} /> },
  { title: 'Policy', cell: (task) => <PolicyLink task={task} /> },
  { title: 'Status', cell: (task) => <Outcome task={task} /> },
  { title: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: 'Took', cell: (task) => <Took task={task} /> },
];

export function DatabaseLink({ task: { databaseId, databaseName } }: { readonly task: Task }) {
  if (databaseId === null) return '–';
  return (
    <Anchor component={Link} to={`/databases/${databaseId}`}>
      {databaseName}
    </Anchor>
  );
}

export function PolicyLink({ task: { policyId, policyName } }: { readonly task: Task }) {
  if (policyId === null) return '–';
  return (
    <Anchor component={Link} to={`/policies/${policyId}`}>
      {policyName}
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
        <Text size="sm" className="breaks" maw={480} lineClamp={3}>
          {sentence(error.message)}
        </Text>
      )}
    </Stack>
  );
}
