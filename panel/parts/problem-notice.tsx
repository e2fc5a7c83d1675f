import { Text } from '@mantine/core';
import type { ProblemError } from '../client/problem-error.ts';

/** What failed and what can be done, where there is no room for an alert. */
export function ProblemNotice({ error: { detail, hint } }: { readonly error: ProblemError }) {
  return (
    <>
      <Text size="sm" fw={500}>
        {detail}
      </Text>
      <Text size="sm">{hint}</Text>
    </>
  );
}
