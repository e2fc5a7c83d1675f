import { Button, Text } from '@mantine/core';
import { type OpenSession, useEndSession, useSessions } from '../../client/sessions.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { Time } from '../../parts/time.tsx';
import { browserWords } from './browser-words.ts';

export function Sessions() {
  const sessions = useSessions();
  const end = useEndSession();
  const columns: Column<OpenSession>[] = [
    { title: 'Browser', cell: ({ userAgent }) => <span title={userAgent ?? ''}>{browserWords(userAgent)}</span> },
    { title: 'From', cell: ({ address }) => address ?? '–' },
    { title: 'Signed in', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { title: 'Last seen', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
    { title: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      title: 'Session',
      cell: ({ id, isCurrent, userAgent }) =>
        isCurrent ? (
          <Text size="sm" fw={600}>
            this one
          </Text>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`End the session in ${browserWords(userAgent)}`}
            loading={end.isPending && end.variables === id}
            onClick={() => end.mutate(id)}
          >
            End
          </Button>
        ),
    },
  ];
  return (
    <Section title="Sessions" description="Where you are signed in. End what you do not know, and change the password then.">
      <ProblemAlert error={sessions.error ?? end.error} />
      <Rows label="Sessions" rows={sessions.data ?? []} columns={columns} rowKey={({ id }) => id} />
    </Section>
  );
}
