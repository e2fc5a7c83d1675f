import type { Policy } from '../../client/policies.ts';
import { Time } from '../../parts/time.tsx';
import { hasTrouble } from './failure-banner.tsx';
import { Facts } from './facts.tsx';
import { Section } from './section.tsx';
import { type StoreTest, StoreTestResult, TestConnection } from './store-test.tsx';

interface StoreCardProps {
  readonly policy: Policy;
  readonly test: StoreTest;
}

export function StoreCard({ policy, test }: StoreCardProps) {
  const { store, credentialsVerifiedAt } = policy;
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
      {/* in trouble the banner has it */}
      {!hasTrouble(policy) && (
        <>
          <TestConnection test={test} />
          <StoreTestResult test={test} />
        </>
      )}
    </Section>
  );
}
