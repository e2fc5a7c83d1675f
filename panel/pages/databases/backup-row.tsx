import { Button, Group, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Backup } from '../../client/backups.ts';
import { type Database, useServers } from '../../client/databases.ts';
import { Bytes } from '../../parts/bytes.tsx';
import { FailureAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { durationWords, utcWords } from '../../parts/time-words.ts';
import classes from './backup-chains.module.css';
import { momentOf } from './backup-chains.ts';

export interface BackupRowProps {
  readonly backup: Backup;
  readonly database: Database;
  readonly onDelete: (backup: Backup) => void;
}

export function BackupRow({ backup, database, onDelete }: BackupRowProps) {
  const { status, error, kind } = backup;
  return (
    <div className={classes.row}>
      <Stack gap={0}>
        <Text fw={kind === 'full' ? 600 : 500}>
          {kind === 'full' ? 'Full' : 'Incremental'}, <Time at={momentOf(backup)} />
        </Text>
        <Text size="sm" c="dimmed">
          {utcWords(momentOf(backup))}
        </Text>
        {backup.fallbackReason !== null && (
          <Text size="sm" c="dimmed">
            An incremental was due: {backup.fallbackReason}.
          </Text>
        )}
      </Stack>
      <Source backup={backup} database={database} />
      <Amount backup={backup} />
      <StatusBadge status={status} />
      <Actions backup={backup} database={database} onDelete={onDelete} />
      {error !== null && (
        <div className={classes.whole}>
          <FailureAlert message={error.message} hint={error.hint} />
        </div>
      )}
    </div>
  );
}

function Source({ backup: { sourceId, sourceReason }, database }: Pick<BackupRowProps, 'backup' | 'database'>) {
  const servers = useServers({ ownerId: database.ownerId, engine: database.engine }).data ?? [];
  const replica = servers.find(({ id }) => id === sourceId)?.name ?? 'a replica';
  return (
    <Text size="sm" component="div">
      from {sourceId === database.id ? 'the primary' : replica}
      {sourceReason !== null && (
        <Text size="xs" c="dimmed">
          {sourceReason}
        </Text>
      )}
    </Text>
  );
}

function Amount({ backup: { sizeBytes, storedBytes, startedAt, endedAt } }: Pick<BackupRowProps, 'backup'>) {
  return (
    <Stack gap={0}>
      {sizeBytes !== null && (
        <Text size="sm">
          <Bytes count={sizeBytes} />, stored <Bytes count={storedBytes} />
        </Text>
      )}
      {startedAt !== null && endedAt !== null && (
        <Text size="sm" c="dimmed">
          took {durationWords(Date.parse(endedAt) - Date.parse(startedAt))}
        </Text>
      )}
    </Stack>
  );
}

function Actions({ backup, database, onDelete }: BackupRowProps) {
  if (backup.status !== 'completed') return <span />;
  const which = `the ${backup.kind} of ${utcWords(momentOf(backup))}`;
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <Button
        component={Link}
        to={`/databases/${database.id}/restore?backup=${backup.id}`}
        size="compact-sm"
        variant="default"
        aria-label={`Restore ${which}`}
      >
        Restore
      </Button>
      <Button size="compact-sm" variant="outline" color="red" onClick={() => onDelete(backup)} aria-label={`Delete ${which}`}>
        Delete
      </Button>
    </Group>
  );
}
