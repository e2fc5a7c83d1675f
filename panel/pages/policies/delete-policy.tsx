import { Button, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useAttachments } from '../../client/attachments.ts';
import { type Policy, useDeletePolicy } from '../../client/policies.ts';
import { ConfirmByName } from '../../parts/confirm-by-name.tsx';
import { Section } from '../../parts/section.tsx';

type Backups = 'keep' | 'delete';

export function DeletePolicy({ policy }: { readonly policy: Policy }) {
  const [opened, { open, close }] = useDisclosure();
  const attached = useAttachments(policy.id).data ?? [];
  const names = attached.map(({ databaseName }) => databaseName).join(', ');
  return (
    <Section title="Delete policy">
      <Text size="sm">
        {names === ''
          ? 'Its schedule ends. You choose whether its backups stay in the bucket or are deleted with it.'
          : `First detach its databases: ${names}.`}
      </Text>
      <Button
        color="red"
        variant="outline"
        leftSection={<IconTrash size={18} aria-hidden />}
        onClick={open}
        disabled={names !== ''}
        w="fit-content"
      >
        Delete policy
      </Button>
      <DeletionDialog policy={policy} opened={opened} onClose={close} />
    </Section>
  );
}

interface DeletionDialogProps {
  readonly policy: Pick<Policy, 'id' | 'name'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function DeletionDialog({ policy: { id, name }, opened, onClose }: DeletionDialogProps) {
  const [backups, setBackups] = useState<Backups>('keep');
  const deletion = useDeletePolicy(id);
  const navigate = useNavigate();
  const close = (): void => {
    setBackups('keep');
    deletion.reset();
    onClose();
  };
  return (
    <ConfirmByName
      opened={opened}
      onClose={close}
      title={`Delete ${name}`}
      name={name}
      action={backups === 'keep' ? 'Delete policy' : 'Delete policy and backups'}
      isPending={deletion.isPending}
      error={deletion.error}
      onConfirm={() =>
        deletion.mutate(
          { confirmName: name, backups },
          { onSuccess: () => void navigate(`/policies/${id}/deleted?${new URLSearchParams({ name, backups })}`) },
        )
      }
    >
      <Stack gap="sm">
        <Radio.Group label="Its backups in the bucket" value={backups} onChange={(value) => setBackups(value)}>
          <Stack gap="xs" mt={4}>
            <Radio
              value="keep"
              label="Keep them"
              description="The deletion can be taken back. Until then they cannot be restored in Tidemark, and nothing removes them."
            />
            <Radio value="delete" label="Delete them" description="All backups that this policy has ever taken are removed for good." />
          </Stack>
        </Radio.Group>
      </Stack>
    </ConfirmByName>
  );
}
