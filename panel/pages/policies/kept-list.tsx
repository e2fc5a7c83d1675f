import { List, Text } from '@mantine/core';
import type { retentionWords } from './policy-words.ts';

/** What a policy keeps, in backups and days. */
export function KeptList({ words: { fulls, incrementals, times } }: { readonly words: ReturnType<typeof retentionWords> }) {
  const lines = [
    ['Full backups', fulls],
    ['Incremental backups', incrementals],
    ['Restorable times', times],
  ] as const;
  return (
    <List size="sm" spacing={4} aria-label="What is kept" listStyleType="none" ps={0} aria-live="polite">
      {lines.map(([what, words]) => (
        <List.Item key={what}>
          <Text span size="sm" fw={600}>
            {what}:
          </Text>{' '}
          {words}
        </List.Item>
      ))}
    </List>
  );
}
