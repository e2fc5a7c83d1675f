import { Button, Group, PasswordInput, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import { type Policy, type ProbeReport, useTestPolicyStore, useTestStore } from '../../client/policies.ts';
import type { ProblemError } from '../../client/problem-error.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import type { PolicyForm } from './policy-form.tsx';
import { fieldErrorsOf, isStoreEdited, missingInStore, storeOf } from './policy-values.ts';
import { ProbeSteps } from './probe-steps.tsx';
import { Section } from '../../parts/section.tsx';

interface StoreFieldsProps {
  readonly form: PolicyForm;
  readonly shown: Policy | undefined;
  readonly complain: (errors: Record<string, React.ReactNode>) => void;
}

export function StoreFields({ form, shown, complain }: StoreFieldsProps) {
  const isNew = shown === undefined;
  return (
    <Section
      title="S3 Configuration"
      description={
        isNew
          ? 'Where the backups are stored: a bucket at any S3-compatible server, reached over HTTPS. Create the bucket first.'
          : 'Where the backups are stored. The place itself cannot be changed while backups lie there or databases are attached; the keys can.'
      }
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Endpoint"
          description="Host name, with a port if it is not 443, without https://"
          placeholder="s3.eu-central-1.amazonaws.com"
          {...plain}
          {...form.getInputProps('store.endpoint')}
        />
        <TextInput
          label="Region"
          description="us-east-1 where the server has no regions"
          {...plain}
          {...form.getInputProps('store.region')}
        />
        <TextInput label="Bucket" description="It must exist" {...plain} {...form.getInputProps('store.bucket')} />
        <TextInput
          label="Prefix"
          description="A folder in the bucket; may be left empty"
          placeholder="team/databases"
          {...plain}
          {...form.getInputProps('store.prefix')}
        />
        <TextInput
          label="Access key"
          description="Of somebody with rights on this bucket alone"
          {...plain}
          {...form.getInputProps('store.accessKey')}
        />
        <PasswordInput
          label="Secret key"
          description={isNew ? 'Kept sealed, and never shown again' : 'Never shown. Leave it empty to keep the present one'}
          {...plain}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the secret key' }}
          {...form.getInputProps('store.secretKey')}
        />
      </SimpleGrid>
      <Textarea
        label="CA certificate"
        description="Only for a server with a certificate of a private authority: that authority's certificate, in PEM."
        placeholder="-----BEGIN CERTIFICATE-----"
        autosize
        minRows={2}
        maxRows={8}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        {...plain}
        {...form.getInputProps('store.caPem')}
      />
      <StoreTest form={form} shown={shown} complain={complain} />
    </Section>
  );
}

/** Nothing that a browser would mend or fill in. */
const plain = { autoComplete: 'off', autoCapitalize: 'off', spellCheck: false } as const;

interface TestResult {
  /** The settings that were tested. */
  readonly of: string;
  readonly report?: ProbeReport;
  readonly error?: ProblemError;
}

function StoreTest({ form, shown, complain }: StoreFieldsProps) {
  const unsaved = useTestStore();
  const saved = useTestPolicyStore(shown?.id ?? '');
  const [result, setResult] = useState<TestResult>();
  const of = JSON.stringify(storeOf(form.values));
  const tell = {
    onSuccess: (report: ProbeReport) => setResult({ of, report }),
    onError: (error: ProblemError) => {
      setResult({ of, error });
      complain(fieldErrorsOf(error, 'store.'));
    },
  };
  const test = (): void => {
    if (shown !== undefined && !isStoreEdited(form.values, shown)) return saved.mutate(undefined, tell);
    const missing = missingInStore(form.values);
    if (Object.keys(missing).length > 0) return complain(missing);
    unsaved.mutate(storeOf(form.values), tell);
  };
  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={18} aria-hidden />}
          onClick={test}
          loading={unsaved.isPending || saved.isPending}
        >
          Test Connection
        </Button>
        <Text size="sm" c="dimmed">
          Tries each right that is needed, on objects of its own, and removes them again.
        </Text>
      </Group>
      {result !== undefined && result.of !== of && <Text size="sm">The settings have changed since they were tested.</Text>}
      {result?.of === of && result.report !== undefined && <ProbeSteps report={result.report} />}
      {result?.of === of && <ProblemAlert error={result.error} />}
    </Stack>
  );
}
