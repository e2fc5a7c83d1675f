import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from 'react-router';
import { type Database, useRemoveDatabase } from '../../client/databases.ts';
import { ConfirmByName } from '../../parts/confirm-by-name.tsx';
import { Section } from '../../parts/section.tsx';
import { tellDone } from '../../parts/tell-done.ts';

export function RemoveDatabase({ database }: { readonly database: Database }) {
  const { id, name, attachment } = database;
  const [opened, { open, close }] = useDisclosure();
  const remove = useRemoveDatabase(id);
  const navigate = useNavigate();
  const onRemoved = (): void => {
    tellDone(`${name} has been removed`);
    void navigate('/databases');
  };
  return (
    <Section title="Danger zone">
      <Stack align="flex-start" gap="sm">
        <Text size="sm">
          Removing the database makes Tidemark forget it and its SSH key. Nothing changes on its host.
          {attachment !== null && ` Before that it has to be detached from ${attachment.policyName}, and its backups deleted.`}
        </Text>
        <Button color="red" variant="outline" onClick={open}>
          Remove database
        </Button>
      </Stack>
      <ConfirmByName
        opened={opened}
        onClose={() => {
          remove.reset();
          close();
        }}
        title={`Remove ${name}?`}
        name={name}
        action="Remove"
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(name, { onSuccess: onRemoved })}
      >
        <Text size="sm">Tidemark forgets the database and its SSH key. Nothing changes on its host.</Text>
      </ConfirmByName>
    </Section>
  );
}
