import { Button, Group, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Dialog } from './dialog.tsx';
import { ProblemAlert } from './problem-alert.tsx';

interface ConfirmByNameProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will be lost. */
  readonly children: ReactNode;
  /** What has to be typed. */
  readonly name: string;
  readonly action: string;
  readonly isPending: boolean;
  readonly error: unknown;
  readonly onConfirm: () => void;
}

/** Before data is destroyed: the button works once the name has been typed. */
export function ConfirmByName({ opened, onClose, title, ...content }: ConfirmByNameProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title} isPending={content.isPending}>
      <ConfirmForm {...content} onClose={onClose} />
    </Dialog>
  );
}

function ConfirmForm({ children, name, action, isPending, error, onConfirm, onClose }: Omit<ConfirmByNameProps, 'opened' | 'title'>) {
  const [typed, setTyped] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === name) onConfirm();
      }}
    >
      <Stack>
        <div>{children}</div>
        <TextInput
          label={`Type ${name} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={isPending}>
            Cancel
          </Button>
          <Button type="submit" color="red" disabled={typed !== name} loading={isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
