import { Alert, NumberInput, SimpleGrid } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { KeptList } from './kept-list.tsx';
import type { PolicyForm } from './policy-form.tsx';
import { retentionWords } from './policy-words.ts';
import { Section } from '../../parts/section.tsx';

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
      description="What is older is removed from the bucket once a day. Nothing goes that a kept backup builds on, and the newest full always stays."
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <NumberInput
          label="Fulls to keep"
          description="So many of the newest, 1 to 1000"
          {...whole}
          {...form.getInputProps('retention.fulls')}
        />
        <NumberInput
          label="Incrementals to keep (days)"
          description="1 to 3650"
          {...whole}
          {...form.getInputProps('retention.incrementalDays')}
        />
        <NumberInput
          label="Logs to keep (hours)"
          description={pitrEnabled ? '1 to 8760' : 'Counts only with PITR'}
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
