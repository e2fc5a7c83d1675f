import { CloseButton, Group, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Task } from '../../client/tasks.ts';
import { TaskProgress } from '../../parts/task-progress.tsx';

interface AttachProgressProps {
  readonly tasks: readonly Task[];
}

/** Each attach that runs; those that this page has seen run stay until they are put away. */
export function AttachProgress({ tasks }: AttachProgressProps) {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const attaches = tasks.filter(({ kind }) => kind === 'attach');
  const unseen = attaches.filter(({ id, endedAt }) => endedAt === null && !seen.has(id));
  if (unseen.length > 0) setSeen(new Set([...seen, ...unseen.map(({ id }) => id)]));
  const putAway = (id: string): void => setSeen(new Set([...seen].filter((other) => other !== id)));
  return attaches
    .filter(({ id }) => seen.has(id))
    .map((task) => <AttachTask key={task.id} task={task} onPutAway={() => putAway(task.id)} />);
}

interface AttachTaskProps {
  readonly task: Task;
  readonly onPutAway: () => void;
}

function AttachTask({ task, onPutAway }: AttachTaskProps) {
  const name = task.databaseName ?? 'the database';
  const titles = { completed: `${name} is attached and backed up`, failed: `${name} could not be attached` } as const;
  const title = task.status === 'completed' || task.status === 'failed' ? titles[task.status] : `Attaching ${name}`;
  return (
    <Paper withBorder p="md" radius="md" role="group" aria-label={`Attaching ${name}`}>
      <Stack>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Text fw={600} role="status">
            {title}
          </Text>
          {task.endedAt !== null && <CloseButton aria-label={`Put away: ${title}`} onClick={onPutAway} />}
        </Group>
        {task.status === 'queued' ? <Text size="sm">Waiting to begin…</Text> : <TaskProgress task={task} />}
      </Stack>
    </Paper>
  );
}
