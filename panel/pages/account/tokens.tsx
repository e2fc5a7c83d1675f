import { Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { type Token, useDeleteToken, useTokens } from '../../client/tokens.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { Time } from '../../parts/time.tsx';
import { NewToken } from './new-token.tsx';

export function Tokens() {
  const tokens = useTokens();
  const [isAdding, { open, close }] = useDisclosure();
  const [revoked, setRevoked] = useState<Token>();
  const columns: Column<Token>[] = [
    { title: 'Name', cell: ({ name }) => name },
    { title: 'May', cell: ({ scope }) => scopeWords[scope] },
    { title: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} none="never" /> },
    { title: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      title: 'Revoke',
      cell: (token) => (
        <Button size="compact-sm" variant="default" onClick={() => setRevoked(token)} aria-label={`Revoke ${token.name}`}>
          Revoke
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="API tokens"
      description="For programs that use the REST API, in the header “Authorization: Bearer …”."
      actions={
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
          New token
        </Button>
      }
    >
      <ProblemAlert error={tokens.error} />
      {tokens.data?.length === 0 && <Text c="dimmed">There is none.</Text>}
      {tokens.data !== undefined && tokens.data.length > 0 && (
        <Rows label="API tokens" rows={tokens.data} columns={columns} rowKey={({ id }) => id} />
      )}
      <NewToken opened={isAdding} onClose={close} />
      <Revoke token={revoked} onClose={() => setRevoked(undefined)} />
    </Section>
  );
}

const scopeWords: Readonly<Record<Token['scope'], string>> = { read: 'look', operate: 'look and act', full: 'everything but accounts' };

function Revoke({ token, onClose }: { readonly token: Token | undefined; readonly onClose: () => void }) {
  const remove = useDeleteToken();
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <Dialog opened={token !== undefined} onClose={close} title="Revoke the token" isPending={remove.isPending}>
      <Text>The program that uses “{token?.name}” can do nothing any more, from now on.</Text>
      <ProblemAlert error={remove.error} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close} disabled={remove.isPending}>
          Cancel
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => token && remove.mutate(token.id, { onSuccess: close })}>
          Revoke
        </Button>
      </Group>
    </Dialog>
  );
}
