import { Button, Group, List, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { type Attachment, useDetach } from '../../client/attachments.ts';
import type { Policy } from '../../client/policies.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

interface DetachDatabaseProps {
  readonly policy: Policy;
  readonly attachment: Attachment;
  readonly isBusy: boolean;
}

export function DetachDatabase({ policy, attachment: { databaseId, databaseName }, isBusy }: DetachDatabaseProps) {
  const detach = useDetach(policy.id);
  const [opened, { open, close }] = useDisclosure(false, { onClose: detach.reset });
  const confirm = (): void =>
    detach.mutate(databaseId, {
      onSuccess() {
        notifications.show({ message: `${databaseName} is being detached.` });
        close();
      },
    });
  return (
    <>
      <Button size="xs" variant="outline" color="red" onClick={open} disabled={isBusy} aria-label={`Detach ${databaseName}`}>
        Detach
      </Button>
      <Dialog opened={opened} onClose={close} title={`Detach ${databaseName}`} isPending={detach.isPending}>
        <Stack>
          <Text size="sm">From then on {databaseName} is not backed up any more.</Text>
          <List size="sm" spacing={4}>
            <List.Item>Archiving of its logs ends, and what Tidemark has put on its host is removed.</List.Item>
            <List.Item>
              Its backups stay in the bucket at {policy.store.endpoint}, and no retention removes them. Attach it to this policy again to
              restore from them; they are deleted with the policy.
            </List.Item>
          </List>
          <ProblemAlert error={detach.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close} disabled={detach.isPending}>
              Cancel
            </Button>
            <Button color="red" onClick={confirm} loading={detach.isPending}>
              Detach
            </Button>
          </Group>
        </Stack>
      </Dialog>
    </>
  );
}
