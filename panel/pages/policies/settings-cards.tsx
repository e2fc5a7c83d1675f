import { Text } from '@mantine/core';
import type { Policy } from '../../client/policies.ts';
import { Facts } from '../../parts/facts.tsx';
import { KeptList } from './kept-list.tsx';
import { NextRuns } from './next-runs.tsx';
import { capitalized, dayName, incrementalWords, retentionWords } from './policy-words.ts';
import { Section } from '../../parts/section.tsx';

export function ScheduleCard({ policy: { schedule, nextSlots, status } }: { readonly policy: Policy }) {
  const { fullFrequency, fullDay, fullTime, incrementalHours } = schedule;
  return (
    <Section title="Schedule">
      <Facts
        facts={[
          { name: 'Full', value: `${fullFrequency === 'daily' ? 'Daily' : `On ${dayName(fullDay)}s`} at ${fullTime} UTC` },
          { name: 'Incremental', value: capitalized(incrementalWords(incrementalHours)) },
        ]}
      />
      <Text size="sm" fw={600}>
        Next runs
      </Text>
      {nextSlots.length === 0 ? (
        <Text size="sm">{status === 'paused' ? 'None while the policy is paused' : 'None'}</Text>
      ) : (
        <NextRuns slots={nextSlots} />
      )}
    </Section>
  );
}

export function KeepingCard({ policy }: { readonly policy: Policy }) {
  const { pitrEnabled, logArchiveMinutes, encryptionEnabled } = policy;
  return (
    <Section title="Retention, PITR and encryption">
      <KeptList words={retentionWords(policy)} />
      <Facts
        facts={[
          { name: 'PITR', value: pitrEnabled ? `On, logs archived every ${logArchiveMinutes} min` : '--' },
          { name: 'Encryption', value: encryptionEnabled ? 'On (AES-256, with a key of this policy)' : 'Off' },
        ]}
      />
    </Section>
  );
}
