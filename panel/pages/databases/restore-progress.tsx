import { Alert, Anchor, Breadcrumbs, Paper, Stack, Text, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { type Backup, useBackup } from '../../client/backups.ts';
import { type Task, useTask } from '../../client/tasks.ts';
import type { Database } from '../../client/databases.ts';
import { type Restore, useRestore } from '../../client/restores.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { TaskProgress } from '../../parts/task-progress.tsx';
import { localWords, utcWords } from '../../parts/time-words.ts';
import { momentOf } from './backup-chains.ts';
import { Loading } from './loading.tsx';
import { isRestored } from './is-restored.ts';
import { useShownDatabase } from './shown-database.ts';

export function RestoreProgress() {
  const database = useShownDatabase();
  const { restoreId = '' } = useParams();
  const { data: restore, error, refetch } = useRestore(restoreId);
  const { data: task, error: taskError } = useTask(restore?.taskId);
  const { data: base } = useBackup(database.id, restore?.backupId ?? restore?.baseBackupId);
  if (restore === undefined) return error === null ? <Loading /> : <ProblemAlert error={error} onRetry={() => void refetch()} />;
  return (
    <Stack gap="lg">
      <Breadcrumbs>
        <Anchor component={Link} to={`/databases/${database.id}/restore`}>
          Restore PITR
        </Anchor>
        <span>{goalWords(restore, base)}</span>
      </Breadcrumbs>
      <Title order={2} size="h3">
        Restore of {database.name} to {goalWords(restore, base)} {task !== undefined && <StatusBadge status={task.status} />}
      </Title>
      {restore.target !== null && base !== undefined && <Text size="sm">It is built from {backupWords(base)}.</Text>}
      <ProblemAlert error={taskError} />
      {task !== undefined && <Outcome database={database} restore={restore} task={task} />}
      {task !== undefined && (
        <Paper withBorder p="md" radius="md">
          <TaskProgress task={task} />
          <Anchor component={Link} to={`/activity/${task.id}`}>
            To the task
          </Anchor>
        </Paper>
      )}
    </Stack>
  );
}

interface OutcomeProps {
  readonly database: Database;
  readonly restore: Restore;
  readonly task: Task;
}

function Outcome({ database: { id, name }, restore, task }: OutcomeProps) {
  if (!isRestored(task)) return null;
  const isBackedUp = task.status === 'completed';
  return (
    <Alert color="green" icon={<IconCheck aria-hidden />} title={`${name} is restored`} role="status">
      {restore.target === null
        ? 'It holds what the backup holds.'
        : `It holds what it held at ${utcWords(restore.target)} (${localWords(restore.target)}): everything that was committed before that second, and nothing after.`}{' '}
      {isBackedUp
        ? 'A new full backup has been taken, with which a new recovery window begins.'
        : task.status === 'failed'
          ? 'But what comes after it failed; see below.'
          : 'A new full backup is running, with which a new recovery window begins; see below.'}{' '}
      <Anchor component={Link} to={`/databases/${id}/backups`} underline="always">
        To the backups
      </Anchor>
    </Alert>
  );
}

function goalWords({ target }: Restore, backup: Backup | undefined): string {
  if (target !== null) return utcWords(target);
  return backup === undefined ? 'one backup' : backupWords(backup);
}

function backupWords(backup: Backup): string {
  return `the ${backup.kind} backup of ${utcWords(momentOf(backup))}`;
}
