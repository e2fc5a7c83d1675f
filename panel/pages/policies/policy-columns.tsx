import { Anchor, Stack, Text } from '@mantine/core';
import { Fragment } from 'react';
import { Link } from 'react-router';
import type { ListedPolicy } from '../../client/policies.ts';
import type { Column } from '../../parts/data-table.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { counted, failuresWords, hoursWords, scheduleWords, storeWords } from './policy-words.ts';

/** How a list shows policies. */
export const policyColumns: readonly Column<ListedPolicy>[] = [
  {
    title: 'Name',
    cell: ({ id, name }) => (
      <Anchor component={Link} to={`/policies/${id}`} fw={600}>
        {name}
      </Anchor>
    ),
  },
  { title: 'Status', cell: (policy) => <PolicyState policy={policy} /> },
  { title: 'Stores at', cell: ({ store }) => <Place words={storeWords(store)} /> },
  { title: 'Schedule', cell: ({ schedule }) => scheduleWords(schedule) },
  { title: 'PITR', cell: ({ pitrEnabled }) => (pitrEnabled ? 'On' : '--') },
  { title: 'Keeps', cell: (policy) => <Kept policy={policy} /> },
  { title: 'Encrypted', cell: ({ encryptionEnabled }) => (encryptionEnabled ? 'Yes' : 'No') },
  { title: 'Databases', align: 'right', cell: ({ attachedCount }) => attachedCount },
  { title: 'Next run', cell: (policy) => <NextRun policy={policy} /> },
];

/** Broken where it has to be, after a slash. */
function Place({ words }: { readonly words: string }) {
  return words.split(/(?<=\/)/).map((part, index) => (
    // the parts of one text, in its order
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}

function PolicyState({ policy: { status, consecutiveFailures, lastError } }: { readonly policy: ListedPolicy }) {
  return (
    <Stack gap={4} align="flex-start">
      <StatusBadge status={status} />
      {consecutiveFailures > 0 && <Text size="sm">{failuresWords(consecutiveFailures)}</Text>}
      {lastError !== null && (
        <Text size="sm" c="dimmed" className="breaks" lineClamp={3} title={lastError}>
          {lastError}
        </Text>
      )}
    </Stack>
  );
}

function Kept({ policy: { retention, schedule, pitrEnabled } }: { readonly policy: ListedPolicy }) {
  const { fulls, incrementalDays, logHours } = retention;
  const parts = [
    counted(fulls, 'full'),
    ...(schedule.incrementalHours === 0 ? [] : [`incrementals ${counted(incrementalDays, 'day')}`]),
    ...(pitrEnabled ? [`logs ${hoursWords(logHours)}`] : []),
  ];
  return parts.join(', ');
}

function NextRun({ policy: { nextSlots, status, attachedCount } }: { readonly policy: ListedPolicy }) {
  const [next] = nextSlots;
  if (next === undefined) return status === 'paused' ? 'none while paused' : 'none';
  if (attachedCount === 0) return 'nothing to back up';
  return (
    <>
      {next.kind === 'full' ? 'Full' : 'Incremental'} <Time at={next.at} />
    </>
  );
}
