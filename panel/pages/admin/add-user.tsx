import { Button, Group, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { UserRole } from '#domain/states.ts';
import { useCreateUser } from '../../client/users.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { showProblems } from '../../parts/form-problems.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { tellDone } from '../../parts/tell-done.ts';
import { roleChoices } from './role-choices.ts';

interface AddUserProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function AddUser({ opened, onClose }: AddUserProps) {
  const create = useCreateUser();
  const close = (): void => {
    create.reset();
    onClose();
  };
  return (
    <Dialog opened={opened} onClose={close} title="Add a user" isPending={create.isPending}>
      <UserForm create={create} onClose={close} />
    </Dialog>
  );
}

const initialRole: UserRole = 'user';

interface UserFormProps extends Pick<AddUserProps, 'onClose'> {
  readonly create: ReturnType<typeof useCreateUser>;
}

function UserForm({ create, onClose }: UserFormProps) {
  const form = useForm({ initialValues: { email: '', name: '', role: initialRole, password: '' } });
  const save = form.onSubmit((values) =>
    create.mutate(values, {
      onSuccess: ({ email }) => {
        tellDone(`${email} can sign in now.`);
        onClose();
      },
      onError: showProblems(form),
    }),
  );
  return (
    <form onSubmit={save} autoComplete="off">
      <Stack>
        <TextInput label="E-mail address" type="email" required data-autofocus {...form.getInputProps('email')} />
        <TextInput label="Name" required {...form.getInputProps('name')} />
        <Select label="Role" data={roleChoices} allowDeselect={false} {...form.getInputProps('role')} />
        <PasswordInput
          label="First password"
          description="At least 12 characters. Tell it to them; they should change it."
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
        />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={create.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
