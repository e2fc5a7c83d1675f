import { Alert, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { withDescendants } from '#domain/chain.ts';
import { type Backup, useDeleteBackup } from '../../client/backups.ts';
import type { Database } from '../../client/databases.ts';
import { ConfirmByName } from '../../parts/confirm-by-name.tsx';
import { utcWords } from '../../parts/time-words.ts';
import { momentOf } from './backup-chains.ts';

interface DeleteBackupProps {
  readonly database: Database;
  /** undefined: none is to be deleted. */
  readonly backup: Backup | undefined;
  readonly all: readonly Backup[];
  readonly onClose: () => void;
}

/** Says first what else goes. */
export function DeleteBackup({ database, backup, all, onClose }: DeleteBackupProps) {
  const remove = useDeleteBackup(database.id);
  const gone = backup === undefined ? [] : withDescendants(all, backup.id);
  const isLast = gone.length === all.filter(({ status }) => status === 'completed').length;
  const close = (): void => {
    remove.reset();
    onClose();
  };
  const confirm = (): void => {
    if (backup !== undefined) remove.mutate({ backupId: backup.id, confirmBackups: gone.length }, { onSuccess: close });
  };
  return (
    <ConfirmByName
      opened={backup !== undefined}
      onClose={close}
      title={gone.length === 1 ? 'Delete this backup?' : `Delete ${gone.length} backups?`}
      name={database.name}
      action={gone.length === 1 ? 'Delete the backup' : `Delete ${gone.length} backups`}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={confirm}
    >
      <Stack gap="sm">
        <Text size="sm">
          {gone.length === 1
            ? 'It is removed from the bucket for good. Nothing else builds on it:'
            : 'They are removed from the bucket for good: what builds on a backup goes with it.'}
        </Text>
        <List size="sm">
          {gone.map((row) => (
            <List.Item key={row.id}>
              The {row.kind} of {utcWords(momentOf(row))}
            </List.Item>
          ))}
        </List>
        <Text size="sm">Times that need them can no longer be restored.</Text>
        {isLast && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />}>
            No backup of {database.name} is left then.
          </Alert>
        )}
      </Stack>
    </ConfirmByName>
  );
}
