import { Button } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import type { useTestPolicyStore } from '../../client/policies.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { ProbeSteps } from './probe-steps.tsx';

export type StoreTest = ReturnType<typeof useTestPolicyStore>;

export function TestConnection({ test }: { readonly test: StoreTest }) {
  return (
    <Button
      variant="default"
      leftSection={<IconPlugConnected size={18} aria-hidden />}
      onClick={() => test.mutate()}
      loading={test.isPending}
      w="fit-content"
    >
      Test Connection
    </Button>
  );
}

export function StoreTestResult({ test: { data, error } }: { readonly test: StoreTest }) {
  return (
    <>
      {data !== undefined && <ProbeSteps report={data} />}
      <ProblemAlert error={error} />
    </>
  );
}
