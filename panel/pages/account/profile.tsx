import { Button, Checkbox, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEditMe, useMe } from '../../client/me.ts';
import { showProblems } from '../../parts/form-problems.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { tellDone } from '../../parts/tell-done.ts';

export function Profile() {
  const { name, email, role, receivesAllNotices } = useMe();
  const edit = useEditMe();
  const form = useForm({ initialValues: { name, receivesAllNotices } });
  const isAdmin = role === 'admin';
  const save = form.onSubmit((values) =>
    edit.mutate(isAdmin ? values : { name: values.name }, {
      onSuccess: () => {
        form.resetDirty();
        tellDone('Saved.');
      },
      onError: showProblems(form),
    }),
  );
  return (
    <Section title="Name and mails" description={`Mails go to ${email}.`}>
      <form onSubmit={save}>
        <Stack>
          <TextInput label="Name" autoComplete="name" required maw={400} {...form.getInputProps('name')} />
          <Text size="sm">
            You get a mail when a backup of yours fails, a policy is paused after three failures, the logs of a database have a gap, or
            backups are read from another server than before.
          </Text>
          {isAdmin && (
            <Checkbox
              label="Mails about everybody's policies, not only mine"
              {...form.getInputProps('receivesAllNotices', { type: 'checkbox' })}
            />
          )}
          <ProblemAlert error={edit.error} />
          <Button type="submit" w="fit-content" disabled={!form.isDirty()} loading={edit.isPending}>
            Save
          </Button>
        </Stack>
      </form>
    </Section>
  );
}
