import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { setSignInAsker } from '../client/fresh-sign-in.ts';
import { useConfirmSignIn } from '../client/me.ts';
import { ProblemAlert } from './problem-alert.tsx';

/** Comes by itself when the API wants the password again; what was asked for is then asked again. */
export function SignInAgain() {
  const [opened, setOpened] = useState(false);
  const answer = useRef<(isGiven: boolean) => void>(undefined);
  useEffect(
    () =>
      setSignInAsker(() => {
        setOpened(true);
        return new Promise((resolve) => {
          answer.current?.(false);
          answer.current = resolve;
        });
      }),
    [],
  );
  const close = (isGiven: boolean): void => {
    setOpened(false);
    answer.current?.(isGiven);
  };
  return (
    <Modal opened={opened} onClose={() => close(false)} title="Your password again, please" zIndex={400}>
      <PasswordForm onGiven={() => close(true)} onCancel={() => close(false)} />
    </Modal>
  );
}

function PasswordForm({ onGiven, onCancel }: { readonly onGiven: () => void; readonly onCancel: () => void }) {
  const confirm = useConfirmSignIn();
  const [password, setPassword] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate({ password }, { onSuccess: onGiven });
      }}
    >
      <Stack>
        <Text size="sm">What you asked for needs a sign-in that is not older than 15 minutes. It goes on when you have confirmed.</Text>
        <PasswordInput
          label="Password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          data-autofocus
        />
        <ProblemAlert error={confirm.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={confirm.isPending}>
            Confirm
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
