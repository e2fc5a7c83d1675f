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
            {utcMinutes(at)}{' '}
            <Text span c="dimmed" size="sm">
              ({localMinutes(at)})
            </Text>
          </time>
        </List.Item>
      ))}
    </List>
  );
}

/** Schedules know no seconds: "2026-11-26 11:55 UTC", as utcWords says it. */
function utcMinutes(at: string): string {
  return utcWords(at).replace(/:\d\d UTC$/, ' UTC');
}

function localMinutes(at: string): string {
  return localWords(at).replace(/(\d\d:\d\d):\d\d /, '$1 ');
}
