import { CloseButton, Group, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { type Task, useAttachments } from '../../client/attachments.ts';
import { useDatabases } from '../../client/databases.ts';
import type { Policy } from '../../client/policies.ts';
import { TaskProgress } from '../../parts/task-progress.tsx';

interface AttachProgressProps {
  readonly policy: Policy;
  readonly tasks: readonly Task[];
}

/** Each attach that runs; those that this page has seen run stay until they are put away. */
export function AttachProgress({ policy, tasks }: AttachProgressProps) {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const attaches = tasks.filter(({ kind }) => kind === 'attach');
  const unseen = attaches.filter(({ id, endedAt }) => endedAt === null && !seen.has(id));
  if (unseen.length > 0) setSeen(new Set([...seen, ...unseen.map(({ id }) => id)]));
  const putAway = (id: string): void => setSeen(new Set([...seen].filter((other) => other !== id)));
  return attaches
    .filter(({ id }) => seen.has(id))
    .map((task) => <AttachTask key={task.id} policy={policy} task={task} onPutAway={() => putAway(task.id)} />);
}

interface AttachTaskProps {
  readonly policy: Policy;
  readonly task: Task;
  readonly onPutAway: () => void;
}

function AttachTask({ policy, task, onPutAway }: AttachTaskProps) {
  const attached = useAttachments(policy.id).data?.find(({ databaseId }) => databaseId === task.databaseId);
  const database = useDatabases({ ownerId: policy.ownerId }).rows.find(({ id }) => id === task.databaseId);
  const name = attached?.databaseName ?? database?.name ?? 'the database';
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
