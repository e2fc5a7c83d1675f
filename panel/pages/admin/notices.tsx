import { Text } from '@mantine/core';
import { IconMail } from '@tabler/icons-react';
import { noticeTriesMs } from '#domain/notices.ts';
import { type Notice, useNotices } from '../../client/notices.ts';
import { chosen } from '../../client/pages.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ChoiceFilter, FilterBar, titled, useFilters } from '../../parts/filters.tsx';
import { useNow } from '../../parts/now.ts';
import { oneOf } from '../../parts/one-of.ts';
import { Page } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

const columns: readonly Column<Notice>[] = [
  { title: 'Subject', cell: ({ subject }) => <b>{subject}</b> },
  { title: 'About', cell: ({ kind }) => titled(kind) },
  { title: 'To', cell: ({ recipient }) => recipient },
  { title: 'Written', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: 'Sent', cell: (notice) => <Sent notice={notice} /> },
];

export function Notices() {
  const filters = useFilters();
  const notices = useNotices(chosen({ isSent: oneOf(['true', 'false'], filters.get('isSent')) }));
  return (
    <Page title="Notices" summary="The mails to everybody. One that cannot be sent is tried again for a week.">
      <FilterBar>
        <ChoiceFilter
          filters={filters}
          name="isSent"
          label="Sent"
          choices={[
            { value: 'true', label: 'Sent' },
            { value: 'false', label: 'Not sent' },
          ]}
        />
      </FilterBar>
      <DataTable label="Notices" pages={notices} columns={columns} rowKey={({ id }) => id} empty={<NoNotice />} />
    </Page>
  );
}

function Sent({ notice: { createdAt, sentAt, lastError } }: { readonly notice: Notice }) {
  const isGivenUp = Date.parse(createdAt) < useNow() - noticeTriesMs;
  if (sentAt !== null) return <Time at={sentAt} />;
  if (lastError === null && !isGivenUp) return <StatusBadge status="pending" word="waits" />;
  return (
    <>
      <StatusBadge status="failed" word={isGivenUp ? 'given up' : 'not sent'} />
      <Text size="sm" className="breaks">
        {lastError}
      </Text>
    </>
  );
}

function NoNotice() {
  return (
    <EmptyState icon={IconMail} title="No mail">
      Mails are written when a backup fails, a policy is paused, logs have a gap, or backups are read from another server than before.
    </EmptyState>
  );
}
