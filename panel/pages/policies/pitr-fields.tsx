import { NumberInput, Switch } from '@mantine/core';
import type { PolicyForm } from './policy-form.tsx';
import { Section } from '../../parts/section.tsx';

export function PitrFields({ form }: { readonly form: PolicyForm }) {
  return (
    <Section
      title="Point-in-time recovery (PITR)"
      description="Between the backups the databases' transaction logs are archived too, so that a database can be brought back to any second, such as the one before a table was dropped. Without it, only to the moments at which backups were taken."
    >
      <Switch label="Point-in-time recovery" {...form.getInputProps('pitrEnabled', { type: 'checkbox' })} />
      {form.values.pitrEnabled && (
        <NumberInput
          label="Archive logs every (minutes)"
          description="1 to 60. If a MySQL or MariaDB host is lost, so much may be lost with it. PostgreSQL archives by itself, at least once a minute."
          min={1}
          max={60}
          clampBehavior="none"
          allowDecimal={false}
          maw={480}
          {...form.getInputProps('logArchiveMinutes')}
        />
      )}
    </Section>
  );
}
