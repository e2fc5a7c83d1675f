import { Alert, Switch, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import type { Policy } from '../../client/policies.ts';
import type { PolicyForm } from './policy-form.tsx';
import { Section } from '../../parts/section.tsx';

export function EncryptionFields({ form, shown }: { readonly form: PolicyForm; readonly shown: Policy | undefined }) {
  const { encryptionEnabled } = form.values;
  return (
    <Section
      title="Encryption"
      description="With it, backups are encrypted (AES-256) before they leave for the bucket: whoever can read the bucket cannot read the data. The policy has a key of its own, kept sealed by Tidemark."
    >
      <Switch label="Encrypt the backups" {...form.getInputProps('encryptionEnabled', { type: 'checkbox' })} />
      {encryptionEnabled ? (
        <Text size="sm">
          Should Tidemark itself be lost, the backups can only be opened with the policy&apos;s <b>recovery kit</b>. Download it from the
          policy&apos;s page once databases are attached, and keep it apart from the bucket and from Tidemark.
        </Text>
      ) : (
        <Alert color="orange" variant="outline" icon={<IconInfoCircle aria-hidden />}>
          Whoever can read the bucket will be able to read everything that is in the databases.
        </Alert>
      )}
      {shown !== undefined && shown.encryptionEnabled !== encryptionEnabled && (
        <Alert color="orange" variant="outline" icon={<IconInfoCircle aria-hidden />}>
          With another encryption every attached database begins anew with a full backup. Backups that exist stay as they are.
        </Alert>
      )}
    </Section>
  );
}
