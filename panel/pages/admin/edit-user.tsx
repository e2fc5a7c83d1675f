import { Button, Checkbox, Group, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { User } from '../../client/me.ts';
import { useEditUser } from '../../client/users.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { showProblems } from '../../parts/form-problems.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { tellDone } from '../../parts/tell-done.ts';
import { roleChoices } from './role-choices.ts';

interface EditUserProps {
  readonly user: User | undefined;
  readonly onClose: () => void;
}

export function EditUser({ user, onClose }: EditUserProps) {
  const edit = useEditUser(user?.id ?? '');
  const close = (): void => {
    edit.reset();
    onClose();
  };
  return (
    <Dialog opened={user !== undefined} onClose={close} title={`Edit ${user?.email}`} isPending={edit.isPending}>
      {user !== undefined && <UserForm user={user} edit={edit} onClose={close} />}
    </Dialog>
  );
}

interface UserFormProps extends Pick<EditUserProps, 'onClose'> {
  readonly user: User;
  readonly edit: ReturnType<typeof useEditUser>;
}

function UserForm({ user, edit, onClose }: UserFormProps) {
  const before = { name: user.name, role: user.role, isDisabled: user.disabledAt !== null, password: '' };
  const form = useForm({ initialValues: before });
  const save = form.onSubmit((values) =>
    edit.mutate(changesOf(before, values), {
      onSuccess: () => {
        tellDone('Saved.');
        onClose();
      },
      onError: showProblems(form),
    }),
  );
  return (
    <form onSubmit={save} autoComplete="off">
      <Stack>
        <TextInput label="Name" required data-autofocus {...form.getInputProps('name')} />
        <Select label="Role" data={roleChoices} allowDeselect={false} {...form.getInputProps('role')} />
        <PasswordInput
          label="New password"
          description="Only for somebody who has lost theirs."
          autoComplete="new-password"
          {...form.getInputProps('password')}
        />
        <Checkbox
          label="Disabled"
          description="Cannot sign in; sessions and tokens end at once. Their backups go on."
          {...form.getInputProps('isDisabled', { type: 'checkbox' })}
        />
        <Text size="sm" c="dimmed">
          With all but the name, their sessions end.
        </Text>
        <ProblemAlert error={edit.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={edit.isPending}>
            Cancel
          </Button>
          <Button type="submit" disabled={!form.isDirty()} loading={edit.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function changesOf<T extends object>(before: T, after: T): Partial<T> {
  const earlier = new Map<string, unknown>(Object.entries(before));
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => value !== earlier.get(field))) as Partial<T>;
}
