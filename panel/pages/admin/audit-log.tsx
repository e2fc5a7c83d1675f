import { Anchor, Code, Group, Text } from '@mantine/core';
import { IconScript } from '@tabler/icons-react';
import { Link } from 'react-router';
import { type AuditRow, useAuditRows } from '../../client/audit.ts';
import { chosen } from '../../client/pages.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterBar, type Filters, InstantFilter, SearchFilter, useFilters } from '../../parts/filters.tsx';
import { Owner, OwnerFilter } from '../../parts/owner.tsx';
import { Page } from '../../parts/page.tsx';
import { utcWords } from '../../parts/time-words.ts';
import { VerifyChain } from './verify-chain.tsx';

const columns: readonly Column<AuditRow>[] = [
  {
    title: 'When',
    cell: ({ at }) => (
      <Text component="time" inherit dateTime={at} style={{ whiteSpace: 'nowrap' }}>
        {utcWords(at)}
      </Text>
    ),
  },
  { title: 'Who', cell: ({ actorId }) => (actorId === null ? '–' : <Owner id={actorId} />) },
  { title: 'What', cell: ({ action }) => <Filtered name="action" value={action} /> },
  { title: 'On what', cell: ({ subject }) => <Filtered name="subject" value={subject} className="breaks-anywhere" /> },
  { title: 'How it ended', cell: ({ outcome }) => outcomeWords[outcome] },
  { title: 'Details', cell: (row) => <Details row={row} /> },
];

const outcomeWords: Readonly<Record<AuditRow['outcome'], string>> = {
  begun: 'begun',
  done: 'done',
  refused: 'refused',
  unknown: 'not known',
};

export function AuditLog() {
  const filters = useFilters();
  const rows = useAuditRows(auditFilter(filters));
  return (
    <Page
      title="Audit log"
      summary="Who did what, newest first. What is begun is written down before its effect, how it ended after it."
      actions={<VerifyChain />}
    >
      <FilterBar>
        <OwnerFilter filters={filters} name="actorId" label="Who" />
        <SearchFilter filters={filters} name="action" label="What" placeholder="createBackup" />
        <SearchFilter filters={filters} name="subject" label="On what" placeholder="database:…" />
        <InstantFilter filters={filters} name="from" label="From (UTC)" />
        <InstantFilter filters={filters} name="to" label="To (UTC)" />
      </FilterBar>
      <DataTable label="Audit log" pages={rows} columns={columns} rowKey={({ id }) => String(id)} empty={<NoRow />} />
    </Page>
  );
}

function auditFilter({ get }: Filters) {
  const instant = (name: string): string => (Number.isNaN(Date.parse(`${get(name)}Z`)) ? '' : new Date(`${get(name)}Z`).toISOString());
  return chosen({ actorId: get('actorId'), action: get('action'), subject: get('subject'), from: instant('from'), to: instant('to') });
}

/** Leads to all rows of the same. */
function Filtered({ name, value, className }: { readonly name: string; readonly value: string; readonly className?: string }) {
  return (
    <Anchor component={Link} to={`?${name}=${encodeURIComponent(value)}`} {...(className === undefined ? {} : { className })}>
      {value}
    </Anchor>
  );
}

function Details({ row: { details, remoteAddress, requestId } }: { readonly row: AuditRow }) {
  return (
    <details>
      <summary style={{ whiteSpace: 'nowrap' }}>{remoteAddress ?? 'Tidemark itself'}</summary>
      <Group gap={4}>
        <Code block className="breaks" maw={420} style={{ whiteSpace: 'pre-wrap' }}>
          {JSON.stringify(details, null, 2)}
        </Code>
        {requestId !== null && (
          <Text size="xs" c="dimmed">
            Request {requestId}
          </Text>
        )}
      </Group>
    </details>
  );
}

function NoRow() {
  return (
    <EmptyState icon={IconScript} title="Nothing was done">
      No row is as the filters say.
    </EmptyState>
  );
}
