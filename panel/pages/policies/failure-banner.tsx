import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { failuresUntilPause } from '#domain/failures.ts';
import { type Policy, useResetFailures } from '../../client/policies.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { failuresWords } from './policy-words.ts';
import { type StoreTest, StoreTestResult, TestConnection } from './store-test.tsx';

/** Nothing while all is well. */
export function FailureBanner({ policy, test }: { readonly policy: Policy; readonly test: StoreTest }) {
  const { id, consecutiveFailures, lastError } = policy;
  const reset = useResetFailures(id);
  const words = bannerWords(policy);
  if (words === undefined) return <ProblemAlert error={reset.error} />;
  return (
    <Alert
      color={words.colour}
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title={words.title}
      styles={{ label: { color: 'var(--mantine-color-text)' } }}
      role="alert"
    >
      <Stack gap="sm">
        {consecutiveFailures > 0 && <Text size="sm">Consecutive failures: {consecutiveFailures}</Text>}
        {lastError !== null && (
          <Text size="sm" fw={500} className="breaks">
            Last error: {lastError}
          </Text>
        )}
        <Text size="sm">{words.meaning}</Text>
        <Group gap="sm">
          <Button onClick={() => reset.mutate()} loading={reset.isPending}>
            Reset Failures
          </Button>
          <TestConnection test={test} />
        </Group>
        <Text size="sm" c="dimmed">
          Reset Failures lets the count begin anew, tests the store, and lets scheduled backups go on.
        </Text>
        <StoreTestResult test={test} />
        <ProblemAlert error={reset.error} />
      </Stack>
    </Alert>
  );
}

export function hasTrouble(policy: Policy): boolean {
  return bannerWords(policy) !== undefined;
}

interface BannerWords {
  readonly colour: string;
  readonly title: string;
  readonly meaning: string;
}

function bannerWords({ status, consecutiveFailures }: Policy): BannerWords | undefined {
  if (status === 'error')
    return {
      colour: 'red',
      title: 'The store cannot be used',
      meaning: 'No backup runs until it can be: mend what the error names, then test the connection or reset the failures.',
    };
  if (status === 'paused')
    return {
      colour: 'orange',
      title: consecutiveFailures === 0 ? 'The policy is paused' : `The policy is paused: ${failuresWords(consecutiveFailures)}`,
      meaning:
        'Scheduled backups do not run. Archiving of logs, retention and alarms go on. Mend the cause, then take a manual backup or reset the failures: both make the policy active again.',
    };
  if (consecutiveFailures === 0) return undefined;
  return {
    colour: 'orange',
    title: failuresWords(consecutiveFailures),
    meaning: `After ${failuresUntilPause} in a row the policy is paused. The next backup that succeeds clears the count.`,
  };
}
