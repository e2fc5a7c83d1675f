import { Button, Group, NumberInput, Radio, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { type Database, useDatabase, useEditDatabase } from '../../client/databases.ts';
import { FailureAlert, ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { showProblems } from '../../parts/form-problems.ts';
import { tellDone } from '../../parts/tell-done.ts';
import { LoginKeyField } from './login-key-field.tsx';
import { changesOf, editErrors, valuesOf, type EditValues } from './edit-values.ts';

export function EditDatabase({ database }: { readonly database: Database }) {
  const { form, changes, edit, save, beginAgain } = useEditing(database);
  const isReached = Object.keys(changes).some((field) => field !== 'name');
  const isFree = database.attachment === null;
  return (
    <Section title="How it is called and reached">
      <form onSubmit={form.onSubmit(save)} noValidate>
        <Stack>
          <TextInput label="Name" {...form.getInputProps('name')} />
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label="Host name or address"
              description="It has to be the same machine, with the same host key."
              {...form.getInputProps('host')}
            />
            <NumberInput
              label="Port of the server"
              description={isFree ? 'Of the database, not of SSH.' : 'Cannot be changed while the database is attached.'}
              disabled={!isFree}
              allowDecimal={false}
              hideControls
              {...form.getInputProps('port')}
            />
            <TextInput label="SSH user" {...form.getInputProps('sshUser')} />
            <NumberInput label="SSH port" allowDecimal={false} hideControls {...form.getInputProps('sshPort')} />
          </SimpleGrid>
          <Radio.Group label="Key of the login" {...form.getInputProps('keyChoice')}>
            <Stack gap="xs" mt="xs">
              <Radio value="keep" label="Keep the one that it has" />
              <Radio value="new" label="Another one" />
            </Stack>
          </Radio.Group>
          {form.values.keyChoice === 'new' && (
            <LoginKeyField
              ownerId={database.ownerId}
              sshUser={form.values.sshUser}
              value={form.values.login}
              onChange={(login) => form.setFieldValue('login', login)}
              error={form.errors['login'] ?? form.errors['sshPrivateKey'] ?? form.errors['sshKeyId']}
            />
          )}
          <Radio.Group label="Host key" {...form.getInputProps('hostKeyChoice')}>
            <Stack gap="xs" mt="xs">
              <Radio
                className="breaks-anywhere"
                value="keep"
                label={`Keep ${database.hostKeyFingerprint ?? 'the one that the first check takes'}`}
              />
              <Radio
                value="scan"
                label="The machine was installed anew: take the key that it shows at the next check"
                description="Compare its fingerprint here afterwards."
              />
              <Radio value="paste" label="The machine was installed anew: expect this key" />
            </Stack>
          </Radio.Group>
          {form.values.hostKeyChoice === 'paste' && (
            <Textarea
              label="New host key"
              description="The content of /etc/ssh/ssh_host_ed25519_key.pub, without its last word."
              autosize
              {...form.getInputProps('hostKey')}
            />
          )}
          <EditProblem error={edit.error} onBeginAgain={() => void beginAgain()} />
          <Group justify="flex-end">
            {isReached && (
              <Text size="sm" c="dimmed">
                The connection is checked at once.
              </Text>
            )}
            <Button type="submit" loading={edit.isPending} disabled={Object.keys(changes).length === 0}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

function useEditing(database: Database) {
  // what changes meanwhile must not be overwritten unseen
  const [shown, setShown] = useState(database);
  const { refetch } = useDatabase(shown.id);
  const edit = useEditDatabase(shown);
  const form = useForm<EditValues>({ initialValues: valuesOf(shown), validate: editErrors });
  const changes = changesOf(shown, form.values);
  const begin = (from: Database): void => {
    setShown(from);
    form.setInitialValues(valuesOf(from));
    form.reset();
    // what it was sent with may hold a key
    edit.reset();
  };
  const beginAgain = async (): Promise<void> => {
    const { data } = await refetch();
    if (data !== undefined) begin(data);
  };
  const save = (): void =>
    edit.mutate(changes, {
      onSuccess(edited) {
        begin(edited);
        tellDone(edited.taskId === null ? 'Saved' : 'Saved. The connection is being checked.');
      },
      onError: showProblems(form),
    });
  return { form, changes, edit, save, beginAgain };
}

interface EditProblemProps extends Pick<ReturnType<typeof useEditDatabase>, 'error'> {
  readonly onBeginAgain: () => void;
}

function EditProblem({ error, onBeginAgain }: EditProblemProps) {
  if (error?.code !== 'edited-meanwhile') return <ProblemAlert error={error} />;
  return (
    <FailureAlert
      message="Somebody changed this database while you were editing it"
      hint="What it is now is shown above in the title and in the overview. Nothing of what you typed was saved."
    >
      <Button size="xs" variant="default" onClick={onBeginAgain} w="fit-content">
        Begin again with what it is now
      </Button>
    </FailureAlert>
  );
}
