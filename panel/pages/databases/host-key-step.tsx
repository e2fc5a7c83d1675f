import { Button, Checkbox, Code, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { type ProbeReport, useTestDatabase } from '../../client/new-database.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import type { NewDatabaseForm } from './add-database.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { addressOf, confirmedHostKey, scanOf } from './new-database-values.ts';
import { Probing, ProbeSteps } from './probe-steps.tsx';

/** Which machine it is: asked for when the step is opened, and confirmed by a person. */
export function HostKeyStep({ form }: { readonly form: NewDatabaseForm }) {
  const scan = useTestDatabase();
  const { mutate } = scan;
  const run = (): void => mutate(scanOf(form.values));
  // oxlint-disable-next-line react/exhaustive-deps -- the values cannot change while the step is shown
  useEffect(run, [mutate]);
  const { data: report } = scan;
  return (
    <Stack>
      <Text size="sm">
        By its host key Tidemark knows the machine again, and notices when somebody else answers in its place. Tidemark has not logged in
        yet.
      </Text>
      {scan.isPending && <Probing what={`Asking ${addressOf(form.values)} for its key…`} />}
      <ProblemAlert error={scan.error} />
      {report !== undefined && report.hostKey === null && <ProbeSteps report={report} />}
      {report !== undefined && report.hostKey !== null && <Fingerprint form={form} report={report} hostKey={report.hostKey} />}
      {!scan.isPending && (
        <Button variant="default" w="fit-content" onClick={run}>
          Try again
        </Button>
      )}
    </Stack>
  );
}

interface FingerprintProps {
  readonly form: NewDatabaseForm;
  readonly report: ProbeReport;
  readonly hostKey: string;
}

function Fingerprint({ form, report, hostKey }: FingerprintProps) {
  const [kind = ''] = hostKey.split(' ');
  const type = kind.replace('ssh-', '').replace(/^ecdsa.*/, 'ecdsa');
  const confirm = (isSame: boolean): void => {
    form.clearFieldError('hostKey');
    form.setValues({ hostKey: isSame ? hostKey : '', hostKeyOf: addressOf(form.values) });
  };
  return (
    <Stack gap="sm">
      <Text size="sm">{addressOf(form.values)} shows this key:</Text>
      <Code block className="breaks" style={{ whiteSpace: 'pre-wrap' }} tabIndex={0} role="region" aria-label="Fingerprint">
        {report.hostKeyFingerprint}
      </Code>
      <Text size="sm">Compare it with what the host itself says, on its console or in a session that you trust:</Text>
      <Copyable label="On the host" text={`ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub`} />
      <Checkbox
        label="The host says the same fingerprint"
        checked={confirmedHostKey(form.values) === hostKey}
        onChange={({ currentTarget }) => confirm(currentTarget.checked)}
        error={form.errors['hostKey']}
      />
    </Stack>
  );
}
