import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { BackupKind } from '#domain/states.ts';
import type { Attachment } from '../../client/attachments.ts';
import { useManualBackup } from '../../client/backups.ts';
import { ProblemNotice } from '../../parts/problem-notice.tsx';

interface ManualBackupProps {
  readonly attachment: Attachment;
  readonly isBusy: boolean;
}

export function ManualBackup({ attachment: { databaseId, databaseName }, isBusy }: ManualBackupProps) {
  const backUp = useManualBackup(databaseId);
  const begin = (kind: BackupKind): void =>
    backUp.mutate(kind, {
      onSuccess: () => notifications.show({ message: `A backup of ${databaseName} has begun.` }),
      onError: (error) => notifications.show({ color: 'red', message: <ProblemNotice error={error} />, autoClose: false }),
    });
  return (
    <Menu>
      <Menu.Target>
        <Button size="xs" variant="default" disabled={isBusy} loading={backUp.isPending} aria-label={`Manual Backup of ${databaseName}`}>
          Manual Backup
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => begin('full')}>Full, now</Menu.Item>
        <Menu.Item onClick={() => begin('incremental')}>Incremental, now</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
