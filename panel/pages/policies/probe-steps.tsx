import { Group, Stack, Text } from '@mantine/core';
import type { ProbeReport } from '../../client/policies.ts';
import { StepIcon } from '../../parts/step-icon.tsx';

type Step = ProbeReport['steps'][number];

const labels: Readonly<Record<Step['name'], string>> = {
  connect: 'Connect and sign in',
  list: 'List objects (s3:ListBucket)',
  put: 'Write an object (s3:PutObject)',
  get: 'Read it back (s3:GetObject)',
  multipart: 'Upload in parts (s3:PutObject, s3:AbortMultipartUpload)',
  delete: 'Delete what was written (s3:DeleteObject)',
};

/** What Test Connection found, a line for each right. */
export function ProbeSteps({ report }: { readonly report: ProbeReport }) {
  return (
    <Stack gap="xs" role="status" aria-label="Result of Test Connection">
      <Text fw={600}>{report.ok ? 'The store can be used.' : 'The store cannot be used yet.'}</Text>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
        {report.steps.map((step) => (
          <Group component="li" key={step.name} gap="xs" wrap="nowrap" align="flex-start">
            <StepIcon ok={step.ok} />
            <div>
              <Text size="sm" fw={500}>
                {labels[step.name]}: {outcomes.get(step.ok)}
              </Text>
              {step.message !== undefined && (
                <Text size="sm" className="breaks">
                  {step.message}
                </Text>
              )}
              {step.hint !== undefined && (
                <Text size="sm" c="dimmed">
                  {step.hint}
                </Text>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Stack>
  );
}

const outcomes: ReadonlyMap<Step['ok'], string> = new Map<Step['ok'], string>([
  [true, 'works'],
  [false, 'failed'],
  ['skipped', 'not tried'],
]);
