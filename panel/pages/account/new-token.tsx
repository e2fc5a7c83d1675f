import { Alert, Button, Group, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconKey } from '@tabler/icons-react';
import type { TokenScope } from '#domain/states.ts';
import { useCreateToken } from '../../client/tokens.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { showProblems } from '../../parts/form-problems.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

const scopes: readonly { readonly value: TokenScope; readonly label: string; readonly description: string }[] = [
  { value: 'read', label: 'Look', description: 'Sees what you see, and changes nothing.' },
  {
    value: 'operate',
    label: 'Look and act',
    description: 'Also backs up, attaches, creates and edits, but neither restores nor deletes backups.',
  },
  { value: 'full', label: 'Everything but accounts', description: 'Also restores and deletes.' },
];

const initialScope: TokenScope = 'read';

const days = ['7', '30', '90', '365'].map((value) => ({ value, label: `${value} days` }));

interface NewTokenProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function NewToken({ opened, onClose }: NewTokenProps) {
  const create = useCreateToken();
  const close = (): void => {
    create.reset();
    onClose();
  };
  return (
    <Dialog opened={opened} onClose={close} title="New API token" size="lg" closeOnClickOutside={false} isPending={create.isPending}>
      <TokenForm create={create} onClose={close} />
    </Dialog>
  );
}

interface TokenFormProps extends Pick<NewTokenProps, 'onClose'> {
  readonly create: ReturnType<typeof useCreateToken>;
}

function TokenForm({ create, onClose }: TokenFormProps) {
  const form = useForm({ initialValues: { name: '', scope: initialScope, days: '90' } });
  if (create.data !== undefined) return <Secret secret={create.data.secret} onClose={onClose} />;
  const save = form.onSubmit(({ name, scope, days: expiresIn }) =>
    create.mutate({ name, scope, expiresInDays: Number(expiresIn) }, { onError: showProblems(form) }),
  );
  return (
    <form onSubmit={save}>
      <Stack>
        <TextInput label="Name" description="What uses it." required data-autofocus {...form.getInputProps('name')} />
        <Radio.Group label="What it may do" {...form.getInputProps('scope')}>
          <Stack gap="xs" mt="xs">
            {scopes.map((scope) => (
              <Radio key={scope.value} {...scope} />
            ))}
          </Stack>
        </Radio.Group>
        <Select label="It ends after" data={days} allowDeselect={false} w={200} {...form.getInputProps('days')} />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={create.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Make the token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Secret({ secret, onClose }: { readonly secret: string } & Pick<NewTokenProps, 'onClose'>) {
  return (
    <Stack>
      <Alert color="orange" icon={<IconKey aria-hidden />} title="It is shown this once">
        Copy it to where it is needed: Tidemark keeps only a hash of it.
      </Alert>
      <Copyable label="Token" text={secret} />
      <Group justify="flex-end">
        <Button onClick={onClose}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
