import { Anchor, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { isUnfinished, type Task } from '../../client/tasks.ts';
import { useNow } from '../../parts/now.ts';
import { FailureAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { TaskProgress } from '../../parts/task-progress.tsx';
import { Time } from '../../parts/time.tsx';
import { relativeWords } from '../../parts/time-words.ts';
import { taskWords } from '../../parts/task-words.ts';

const RECENT_MS = 15 * 60_000;

/** What is being done to a database now; where nothing is, how what was asked for a moment ago has failed. */
export function RunningTasks({ tasks }: { readonly tasks: readonly Task[] }) {
  const running = tasks.filter(isUnfinished);
  if (running.length > 0) return running.map((task) => <RunningTask key={task.id} task={task} />);
  const [newest] = tasks;
  return newest?.status === 'failed' && newest.error !== null && <RecentFailure task={newest} />;
}

function RunningTask({ task }: { readonly task: Task }) {
  return (
    <Paper withBorder p="md" radius="md" role="region" aria-label={`${taskWords[task.kind]}, ${task.status}`}>
      <Stack>
        <Group justify="space-between">
          <Group gap="sm">
            <Title order={2} size="h4">
              {taskWords[task.kind]}
            </Title>
            <StatusBadge status={task.status} />
          </Group>
          <Text size="sm" c="dimmed">
            {task.startedAt === null ? 'asked for' : 'begun'} <Time at={task.startedAt ?? task.createdAt} />
          </Text>
        </Group>
        {task.status === 'queued' ? <Text size="sm">Waiting for a worker, or for what runs before it.</Text> : <TaskProgress task={task} />}
        {task.restoreId === null || task.databaseId === null ? (
          <Anchor component={Link} to={`/activity/${task.id}`}>
            To the task
          </Anchor>
        ) : (
          <Anchor component={Link} to={`/databases/${task.databaseId}/restores/${task.restoreId}`}>
            To the restore
          </Anchor>
        )}
      </Stack>
    </Paper>
  );
}

function RecentFailure({ task }: { readonly task: Task }) {
  const now = useNow();
  const at = task.endedAt ?? task.createdAt;
  if (task.error === null || now - Date.parse(at) > RECENT_MS) return null;
  return (
    <FailureAlert title={`${taskWords[task.kind]} failed ${relativeWords(at, now)}`} message={task.error.message} hint={task.error.hint} />
  );
}
