import { Button, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { type Policy, useTestPolicyStore } from '../../client/policies.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Time } from '../../parts/time.tsx';
import { Facts } from './facts.tsx';
import { ProbeSteps } from './probe-steps.tsx';
import { Section } from './section.tsx';

export function StoreCard({ policy: { id, store, credentialsVerifiedAt } }: { readonly policy: Policy }) {
  const test = useTestPolicyStore(id);
  return (
    <Section title="S3 Configuration">
      <Facts
        facts={[
          ['Endpoint', store.endpoint],
          ['Region', store.region],
          ['Bucket', store.bucket],
          ['Prefix', store.prefix === '' ? 'none' : store.prefix],
          ['Access key', store.accessKey],
          ['Secret key', 'kept sealed, never shown'],
          ...(store.caPem === null ? [] : [['CA certificate', 'of a private authority'] as const]),
          ['Credentials Verified', <Time key="verified" at={credentialsVerifiedAt} none="not yet" exact />],
        ]}
      />
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={18} aria-hidden />}
        onClick={() => test.mutate()}
        loading={test.isPending}
        w="fit-content"
      >
        Test Connection
      </Button>
      {test.data !== undefined && <ProbeSteps report={test.data} />}
      <ProblemAlert error={test.error} />
      {test.data === undefined && (
        <Text size="sm" c="dimmed">
          Tries each right that is needed on objects of its own.
        </Text>
      )}
    </Section>
  );
}
