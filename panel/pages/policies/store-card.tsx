import type { Policy } from '../../client/policies.ts';
import { Time } from '../../parts/time.tsx';
import { hasTrouble } from './failure-banner.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Section } from '../../parts/section.tsx';
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
          { name: 'Endpoint', value: store.endpoint },
          { name: 'Region', value: store.region },
          { name: 'Bucket', value: store.bucket },
          { name: 'Prefix', value: store.prefix === '' ? 'none' : store.prefix },
          { name: 'Access key', value: store.accessKey },
          { name: 'Secret key', value: 'kept sealed, never shown' },
          ...(store.caPem === null ? [] : [{ name: 'CA certificate', value: 'of a private authority' }]),
          { name: 'Credentials Verified', value: <Time at={credentialsVerifiedAt} none="not yet" exact /> },
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
