import { Button, Center, Container, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate, useSearchParams } from 'react-router';
import { useSignIn } from '../../client/me.ts';
import logo from '../../favicon.svg';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

export function SignIn() {
  const [query] = useSearchParams();
  const navigate = useNavigate();
  const signIn = useSignIn();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (email) => (email.trim() === '' ? 'Which e-mail address?' : null),
      password: (password) => (password === '' ? 'Which password?' : null),
    },
  });
  const onSignedIn = (): void => void navigate(returnPath(query.get('return')), { replace: true });
  return (
    <Center mih="100dvh" component="main">
      <title>Sign in – Tidemark</title>
      <Container size={420} w="100%" py="xl">
        <Stack gap="lg">
          <Stack align="center" gap="xs">
            <img src={logo} width={56} height={56} alt="" />
            <Title order={1} size="h2">
              Sign in to Tidemark
            </Title>
            <Text c="dimmed" ta="center">
              Backups of your databases, and the way back to any second.
            </Text>
          </Stack>
          <Paper withBorder p="lg" radius="md">
            <form
              onSubmit={form.onSubmit((values) => signIn.mutate({ ...values, email: values.email.trim() }, { onSuccess: onSignedIn }))}
              noValidate
            >
              <Stack>
                <TextInput
                  label="E-mail address"
                  type="email"
                  autoComplete="username"
                  {...form.getInputProps('email')}
                  key={form.key('email')}
                />
                <PasswordInput
                  label="Password"
                  autoComplete="current-password"
                  {...form.getInputProps('password')}
                  key={form.key('password')}
                />
                <ProblemAlert error={signIn.error} />
                <Button type="submit" loading={signIn.isPending} fullWidth>
                  Sign in
                </Button>
              </Stack>
            </form>
          </Paper>
          <Text size="sm" c="dimmed">
            The first time? Tidemark printed the first admin&apos;s address and password when it was first started. Anybody else gets theirs
            from an admin.
          </Text>
        </Stack>
      </Container>
    </Center>
  );
}

/** Only a page of this panel. */
function returnPath(asked: string | null): string {
  return asked !== null && /^\/(?![/\\])/.test(asked) ? asked : '/';
}
