import { List, Text } from '@mantine/core';
import type { BackupKind } from '#domain/states.ts';
import { localWords, utcWords } from '../../parts/time-words.ts';

interface NextRunsProps {
  readonly slots: readonly { readonly at: string; readonly kind: BackupKind }[];
}

const days = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' });

/** The next backups that a schedule asks for. */
export function NextRuns({ slots }: NextRunsProps) {
  return (
    <List size="sm" spacing={4} aria-label="Next runs" listStyleType="none" ps={0}>
      {slots.map(({ at, kind }) => (
        <List.Item key={at}>
          <Text span size="sm" fw={600}>
            {kind === 'full' ? 'Full' : 'Incremental'}
          </Text>{' '}
          {days.format(new Date(at))}{' '}
          <time dateTime={at}>
            {withoutSeconds(utcWords(at))}{' '}
            <Text span c="dimmed" size="sm">
              ({withoutSeconds(localWords(at))})
            </Text>
          </time>
        </List.Item>
      ))}
    </List>
  );
}

function withoutSeconds(words: string): string {
  return words.replace(/:\d\d (?=\D)/, ' ');
}
