import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { type Backup, useBackups } from '../../client/backups.ts';
import { type Task, useTasks } from '../../client/tasks.ts';
import type { Database } from '../../client/databases.ts';
import { type Restore, useRestores } from '../../client/restores.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { utcWords } from '../../parts/time-words.ts';
import { momentOf } from './backup-chains.ts';

/** The restores that were. */
export function RestoreHistory({ database: { id } }: { readonly database: Database }) {
  const { data: restores, error } = useRestores(id);
  const tasks = useTasks({ databaseId: id, kind: 'restore' }).rows;
  const backups = useBackups(id).rows;
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        Restores so far
      </Title>
      <ProblemAlert error={error} />
      {restores !== undefined &&
        (restores.length === 0 ? (
          <Text size="sm" c="dimmed">
            None.
          </Text>
        ) : (
          <Rows label="Restores so far" rows={restores} columns={columnsOf(tasks, backups)} rowKey={(restore) => restore.id} />
        ))}
    </Stack>
  );
}

function columnsOf(tasks: readonly Task[], backups: readonly Backup[]): Column<Restore>[] {
  return [
    {
      title: 'Restored to',
      cell: (restore) => (
        <Anchor component={Link} to={`/databases/${restore.databaseId}/restores/${restore.id}`}>
          {goalOf(restore, backups)}
        </Anchor>
      ),
    },
    { title: 'Asked for', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { title: 'Status', cell: ({ taskId }) => <Outcome task={tasks.find(({ id }) => id === taskId)} /> },
  ];
}

function goalOf({ target, backupId }: Restore, backups: readonly Backup[]): string {
  if (target !== null) return utcWords(target);
  const backup = backups.find(({ id }) => id === backupId);
  return backup === undefined ? 'one backup' : `the ${backup.kind} of ${utcWords(momentOf(backup))}`;
}

function Outcome({ task }: { readonly task: Task | undefined }) {
  if (task === undefined) return <>–</>;
  return (
    <>
      <StatusBadge status={task.status} />
      {task.error !== null && (
        <Text size="sm" c="dimmed">
          {task.error.message}
        </Text>
      )}
    </>
  );
}
