import { Button, List, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDownload } from '@tabler/icons-react';
import { type Policy, useRecoveryKit } from '../../client/policies.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';

export function RecoveryKit({ policy: { id } }: { readonly policy: Policy }) {
  const kit = useRecoveryKit(id);
  const download = (): void =>
    kit.mutate(undefined, {
      onSuccess({ name, content }) {
        saveAs(name, content);
        notifications.show({ title: 'The recovery kit was saved', message: `${name}: keep it apart from the bucket and from Tidemark.` });
        kit.reset();
      },
    });
  return (
    <Section title="Recovery kit">
      <Text size="sm">
        One file with which everything can be restored without Tidemark, should it be lost: the policy&apos;s key, and the commands for each
        database. The bucket&apos;s access key and secret key are not in it.
      </Text>
      <List size="sm" spacing={4}>
        <List.Item>
          Keep it apart from the bucket: whoever has both can read the backups. And apart from Tidemark: it is for the day Tidemark is gone.
        </List.Item>
        <List.Item>Download a new one when a database has been attached or restored, or the encryption has been changed.</List.Item>
      </List>
      <Button
        variant="default"
        leftSection={<IconDownload size={18} aria-hidden />}
        onClick={download}
        loading={kit.isPending}
        w="fit-content"
      >
        Download recovery kit
      </Button>
      <ProblemAlert error={kit.error} />
    </Section>
  );
}

const READ_MS = 10_000;

function saveAs(name: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // not all browsers have read it by now
  setTimeout(() => URL.revokeObjectURL(url), READ_MS);
}
