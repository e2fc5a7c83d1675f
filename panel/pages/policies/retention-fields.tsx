import { Alert, NumberInput, SimpleGrid } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { KeptList } from './kept-list.tsx';
import type { PolicyForm } from './policy-form.tsx';
import { retentionWords } from './policy-words.ts';
import { Section } from './section.tsx';

export function RetentionFields({ form }: { readonly form: PolicyForm }) {
  const { pitrEnabled, schedule, retention } = form.values;
  const numbers = {
    fulls: Number(retention.fulls),
    incrementalDays: Number(retention.incrementalDays),
    logHours: Number(retention.logHours),
  };
  const areWhole = Object.values(numbers).every((number) => Number.isInteger(number) && number >= 1);
  const words = retentionWords({ schedule, retention: numbers, pitrEnabled });
  return (
    <Section
      title="Retention"
      about="What is older is removed from the bucket once a day. Nothing goes that a kept backup builds on, and the newest full always stays."
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <NumberInput label="Full backups" description="How many of the newest" {...whole} {...form.getInputProps('retention.fulls')} />
        <NumberInput
          label="Incremental backups (days)"
          description="For how many days"
          {...whole}
          {...form.getInputProps('retention.incrementalDays')}
        />
        <NumberInput
          label="Logs (hours)"
          description={pitrEnabled ? 'For how many hours' : 'Counts only with PITR'}
          {...whole}
          {...form.getInputProps('retention.logHours')}
        />
      </SimpleGrid>
      {areWhole && <KeptList words={words} />}
      {areWhole &&
        words.warnings.map((warning) => (
          <Alert key={warning} color="orange" variant="outline" icon={<IconInfoCircle aria-hidden />}>
            {warning}
          </Alert>
        ))}
    </Section>
  );
}

const whole = { min: 1, clampBehavior: 'none', allowDecimal: false } as const;
