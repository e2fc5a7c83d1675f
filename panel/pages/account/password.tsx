import { Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useChangePassword, useMe } from '../../client/me.ts';
import { showProblems } from '../../parts/form-problems.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { tellDone } from '../../parts/tell-done.ts';

export function Password() {
  const { email } = useMe();
  const change = useChangePassword();
  const form = useForm({
    initialValues: { currentPassword: '', newPassword: '', again: '' },
    validate: { again: (again, { newPassword }) => (again === newPassword ? null : 'is not the same as the new password') },
  });
  const save = form.onSubmit(({ currentPassword, newPassword }) =>
    change.mutate(
      { currentPassword, newPassword },
      {
        onSuccess: () => {
          form.reset();
          change.reset();
          tellDone('The password is changed. All other sessions have ended.');
        },
        onError: showProblems(form),
      },
    ),
  );
  return (
    <Section
      title="Password"
      description="At least 12 characters; long is better than intricate. With a change all your other sessions end; tokens stay."
    >
      <form onSubmit={save}>
        <Stack maw={400}>
          {/* tells password managers whose it is */}
          <input type="text" hidden name="username" autoComplete="username" value={email} readOnly />
          <PasswordInput label="Current password" autoComplete="current-password" required {...form.getInputProps('currentPassword')} />
          <PasswordInput label="New password" autoComplete="new-password" required minLength={12} {...form.getInputProps('newPassword')} />
          <PasswordInput label="New password again" autoComplete="new-password" required {...form.getInputProps('again')} />
          <ProblemAlert error={change.error} />
          <Button type="submit" w="fit-content" loading={change.isPending}>
            Change the password
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
