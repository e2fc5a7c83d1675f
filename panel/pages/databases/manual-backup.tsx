import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { type BackupKind, backupKinds } from '#domain/states.ts';
import { useManualBackup } from '../../client/backups.ts';
import type { Database } from '../../client/databases.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

export function ManualBackup({ database }: { readonly database: Database }) {
  const backUp = useManualBackup(database.id);
  const [opened, { open, close }] = useDisclosure(false, { onClose: backUp.reset });
  return (
    <>
      <Button onClick={open} leftSection={<IconPlayerPlay size={18} aria-hidden />}>
        Manual Backup
      </Button>
      <Dialog opened={opened} onClose={close} title={`Manual backup of ${database.name}`} isPending={backUp.isPending}>
        <KindForm backUp={backUp} onClose={close} />
      </Dialog>
    </>
  );
}

const kinds: Readonly<Record<BackupKind, { readonly label: string; readonly description: string }>> = {
  full: { label: 'Full', description: 'Everything. It stands by itself, and later incrementals build on it.' },
  incremental: {
    label: 'Incremental',
    description: 'What changed since the last backup. Where there is nothing to build on, it becomes a full.',
  },
};

interface KindFormProps {
  readonly backUp: ReturnType<typeof useManualBackup>;
  readonly onClose: () => void;
}

function KindForm({ backUp, onClose }: KindFormProps) {
  const [kind, setKind] = useState<BackupKind>('full');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        backUp.mutate(kind, { onSuccess: onClose });
      }}
    >
      <Stack>
        <Radio.Group label="Kind" value={kind} onChange={setKind}>
          <Stack gap="sm" mt="xs">
            {backupKinds.map((value) => (
              <Radio key={value} value={value} {...kinds[value]} />
            ))}
          </Stack>
        </Radio.Group>
        <Text size="sm" c="dimmed">
          The database goes on working meanwhile.
        </Text>
        <ProblemAlert error={backUp.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={backUp.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={backUp.isPending}>
            Start backup
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
