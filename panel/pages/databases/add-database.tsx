import { Button, Group, Paper, Stack, Stepper, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useSearchParams } from 'react-router';
import { useMe } from '../../client/me.ts';
import { Page } from '../../parts/page.tsx';
import { CheckStep } from './check-step.tsx';
import { HostKeyStep } from './host-key-step.tsx';
import { LoginKeyField } from './login-key-field.tsx';
import {
  errorsOfStep,
  type NewDatabaseStep,
  newDatabaseSteps,
  newDatabaseValues,
  type NewDatabaseValues,
  reachableStep,
} from './new-database-values.ts';
import { ServerStep } from './server-step.tsx';

const labels: Readonly<Record<NewDatabaseStep, string>> = {
  server: 'Server',
  key: 'Key of the login',
  'host-key': 'Host key',
  check: 'Check and save',
};

/** The step stands in the address, so that the browser's Back leads to the one before; what was typed stays. */
export function AddDatabase() {
  const me = useMe();
  const form = useForm<NewDatabaseValues>({ initialValues: newDatabaseValues(me.id) });
  const [query, setQuery] = useSearchParams();
  const asked = newDatabaseSteps.find((step) => step === query.get('step')) ?? 'server';
  const step = reachableStep(asked, form.values);
  const index = newDatabaseSteps.indexOf(step);
  const go = (to: NewDatabaseStep): void => setQuery({ step: to });
  const next = (): void => {
    const errors = errorsOfStep(step, form.values);
    form.setErrors(errors);
    const following = newDatabaseSteps[index + 1];
    if (Object.keys(errors).length === 0 && following !== undefined) go(following);
  };
  return (
    <Page title="Add Database" summary="A MySQL, MariaDB or PostgreSQL server that Tidemark reaches over SSH. It installs no agent.">
      <Stepper
        active={index}
        onStepClick={(to) => go(newDatabaseSteps[to] ?? 'server')}
        size="sm"
        allowNextStepsSelect={false}
        orientation="horizontal"
        wrap
      >
        {newDatabaseSteps.map((name) => (
          <Stepper.Step key={name} label={labels[name]} />
        ))}
      </Stepper>
      <Paper withBorder p="md" radius="md" maw={800}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            next();
          }}
        >
          <Stack>
            <Title order={2} size="h4">
              {labels[step]}
            </Title>
            {step === 'server' && <ServerStep form={form} />}
            {step === 'key' && <KeyStep form={form} />}
            {step === 'host-key' && <HostKeyStep form={form} />}
            {step === 'check' && <CheckStep form={form} go={go} />}
            <Group justify="space-between">
              {index > 0 ? (
                <Button variant="default" onClick={() => go(newDatabaseSteps[index - 1] ?? 'server')}>
                  Back
                </Button>
              ) : (
                <span />
              )}
              {step !== 'check' && <Button type="submit">Next</Button>}
            </Group>
          </Stack>
        </form>
      </Paper>
    </Page>
  );
}

export type NewDatabaseForm = ReturnType<typeof useForm<NewDatabaseValues>>;

function KeyStep({ form }: { readonly form: NewDatabaseForm }) {
  const { ownerId, sshUser, login } = form.values;
  return (
    <>
      <Text size="sm">
        Tidemark logs in as {sshUser.trim()}, and works as root by sudo: it installs the backup tools, reads the data, and restores it.
      </Text>
      <LoginKeyField
        ownerId={ownerId}
        sshUser={sshUser}
        value={login}
        onChange={(value) => form.setFieldValue('login', value)}
        error={form.errors['login'] ?? form.errors['sshPrivateKey'] ?? form.errors['sshKeyId']}
      />
    </>
  );
}
