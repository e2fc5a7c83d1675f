import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconInfoCircle } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import type { DatabaseProbeStep } from '#domain/states.ts';
import { useCreateDatabase } from '../../client/databases.ts';
import { useTestDatabase } from '../../client/new-database.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import type { NewDatabaseForm } from './add-database.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { authorizeCommands, sudoCommands } from './login-key.ts';
import { createOf, type NewDatabaseStep, type NewDatabaseValues, stepOfField, testOf } from './new-database-values.ts';
import { Probing, ProbeSteps } from './probe-steps.tsx';

interface CheckStepProps {
  readonly form: NewDatabaseForm;
  readonly go: (step: NewDatabaseStep) => void;
}

/** Tried when the step is opened, from the name of the host to the version of the server; then saved. */
export function CheckStep({ form, go }: CheckStepProps) {
  const test = useTestDatabase();
  const { mutate } = test;
  const run = (): void => mutate(testOf(form.values));
  // oxlint-disable-next-line react/exhaustive-deps -- the values cannot change while the step is shown
  useEffect(run, [mutate]);
  const { data: report } = test;
  return (
    <Stack>
      {test.isPending && <Probing what="Checking…" />}
      <ProblemAlert error={test.error} />
      {report !== undefined && <ProbeSteps report={report} remedies={remediesOf(form.values)} />}
      {report?.ok === true && (
        <Alert color="green" icon={<IconCheck aria-hidden />} title="Everything works" role="status">
          {report.version !== null && `The server is of version ${report.version}. `}Save it, then attach it to a backup policy.
        </Alert>
      )}
      {report?.role !== undefined && report.role !== form.values.role && (
        <Alert color="orange" icon={<IconInfoCircle aria-hidden />} title={`The server says that it is a ${report.role}`}>
          Go back to Server and change the role, unless it is about to change.
        </Alert>
      )}
      {!test.isPending && (
        <Button variant="default" w="fit-content" onClick={run}>
          Try again
        </Button>
      )}
      <Save form={form} go={go} isChecked={report?.ok === true} isChecking={test.isPending} />
    </Stack>
  );
}

function remediesOf({ sshUser, login }: NewDatabaseValues): Partial<Record<DatabaseProbeStep, React.ReactNode>> {
  const { kind, sshKey } = login;
  return {
    sudo: <Copyable label="Let the user work as root without a password" text={sudoCommands(sshUser)} />,
    ...(kind === 'made' && sshKey !== undefined
      ? { login: <Copyable label="Let the key log in" text={authorizeCommands(sshUser, sshKey.publicKey)} /> }
      : {}),
  };
}

interface SaveProps extends CheckStepProps {
  readonly isChecked: boolean;
  readonly isChecking: boolean;
}

function Save({ form, go, isChecked, isChecking }: SaveProps) {
  const create = useCreateDatabase();
  const navigate = useNavigate();
  const save = (): void =>
    create.mutate(createOf(form.values), {
      onSuccess: ({ id }) => void navigate(`/databases/${id}`, { replace: true }),
      onError({ errors }) {
        form.setErrors(Object.fromEntries(errors.map(({ path, message }) => [path, message])));
        const [first] = errors;
        if (first !== undefined) go(stepOfField(first.path));
      },
    });
  return (
    <Stack gap="xs">
      <ProblemAlert error={create.error} />
      <Group>
        <Button onClick={save} loading={create.isPending} disabled={isChecking} variant={isChecked ? 'filled' : 'default'}>
          {isChecked ? 'Save' : 'Save all the same'}
        </Button>
        {!isChecked && !isChecking && (
          <Text size="sm" c="dimmed">
            It can be checked again on its page.
          </Text>
        )}
      </Group>
    </Stack>
  );
}
