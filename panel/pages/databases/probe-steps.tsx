import { List, Loader, Stack, Text } from '@mantine/core';
import type { DatabaseProbeStep } from '#domain/states.ts';
import type { ProbeReport } from '../../client/new-database.ts';
import { FailureAlert } from '../../parts/problem-alert.tsx';
import { StepIcon } from '../../parts/step-icon.tsx';

const names: Readonly<Record<DatabaseProbeStep, string>> = {
  dns: 'The host name is found',
  tcp: 'The SSH port can be reached',
  'host-key': 'The host shows its key',
  login: 'The login works',
  sudo: 'sudo works without a password',
  engine: 'The server is found at its port',
  version: 'Its version is supported',
};

interface ProbeStepsProps {
  readonly report: ProbeReport;
  /** Beneath the step that it is for, when that failed. */
  readonly remedies?: Partial<Record<DatabaseProbeStep, React.ReactNode>>;
}

/** What each step found, and what to do about the one that failed. */
export function ProbeSteps({ report, remedies = {} }: ProbeStepsProps) {
  return (
    <List
      spacing="xs"
      listStyleType="none"
      aria-label="Steps of the check"
      styles={{ itemWrapper: { display: 'flex', alignItems: 'flex-start' }, itemLabel: { flex: 1, minWidth: 0 } }}
    >
      {report.steps.map(({ name, ok, message, hint }) => (
        <List.Item key={name} icon={<StepIcon ok={ok} />}>
          <Text {...(ok === 'skipped' ? { c: 'dimmed' } : {})}>
            {names[name]}
            <Text span className="for-screen-readers">
              : {ok === 'skipped' ? 'not tried' : ok ? 'yes' : 'no'}
            </Text>
          </Text>
          {ok === false && (
            <Stack gap="sm" mt={4}>
              <FailureAlert message={message ?? 'it failed'} {...(hint === undefined ? {} : { hint })} />
              {remedies[name]}
            </Stack>
          )}
        </List.Item>
      ))}
    </List>
  );
}

export function Probing({ what }: { readonly what: string }) {
  return (
    <Text size="sm" role="status">
      <Loader size="xs" mr="xs" /> {what} It takes up to a minute where a firewall swallows everything.
    </Text>
  );
}
