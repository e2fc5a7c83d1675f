import { Button, Radio, Stack, Text, Textarea } from '@mantine/core';
import type { ReactNode } from 'react';
import { useCreateSshKey } from '../../client/new-database.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { authorizeCommands, type LoginKey, sudoCommands } from './login-key.ts';

interface LoginKeyFieldProps {
  /** Whose database it is. */
  readonly ownerId: string;
  readonly sshUser: string;
  readonly value: LoginKey;
  readonly onChange: (value: LoginKey) => void;
  readonly error: ReactNode;
}

/** Which key logs in, and what has to be done on the host for it. */
export function LoginKeyField({ ownerId, sshUser, value, onChange, error }: LoginKeyFieldProps) {
  return (
    <Stack>
      <Radio.Group
        label="Which key?"
        value={value.kind}
        onChange={(kind) => onChange({ ...value, kind })}
        error={value.kind === 'made' ? error : undefined}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="made" label="Tidemark makes a key" description="The private half never leaves Tidemark. Recommended." />
          <Radio value="pasted" label="I bring a private key" description="OpenSSH or PEM, without a passphrase." />
        </Stack>
      </Radio.Group>
      {value.kind === 'made' ? (
        <MadeKey ownerId={ownerId} sshUser={sshUser} value={value} onChange={onChange} />
      ) : (
        <Textarea
          label="Private key"
          description="It is kept encrypted, and never shown again."
          autosize
          minRows={4}
          maxRows={10}
          spellCheck={false}
          autoComplete="off"
          value={value.privateKey}
          onChange={({ currentTarget }) => onChange({ ...value, privateKey: currentTarget.value })}
          error={error}
        />
      )}
    </Stack>
  );
}

function MadeKey({ ownerId, sshUser, value, onChange }: Omit<LoginKeyFieldProps, 'error'>) {
  const make = useCreateSshKey();
  const { sshKey } = value;
  if (sshKey === undefined)
    return (
      <>
        <ProblemAlert error={make.error} />
        <Button
          w="fit-content"
          variant="default"
          loading={make.isPending}
          onClick={() => make.mutate({ ownerId }, { onSuccess: (made) => onChange({ ...value, sshKey: made }) })}
        >
          Make a key
        </Button>
      </>
    );
  return (
    <Stack>
      <Text size="sm">Run these on the host of the database, as somebody who may use sudo there.</Text>
      <Copyable label="Public key" text={sshKey.publicKey} />
      <Copyable label="Let the key log in" text={authorizeCommands(sshUser, sshKey.publicKey)} />
      <Copyable label="Let the user work as root without a password" text={sudoCommands(sshUser)} />
    </Stack>
  );
}
