import { Anchor, Group, Text, Tooltip } from '@mantine/core';
import { Link } from 'react-router';
import type { Database } from '../../client/databases.ts';
import type { Column } from '../../parts/data-table.tsx';
import { Engine } from '../../parts/engine.tsx';
import { PitrBadge, StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

/** How a list shows databases. */
export const databaseColumns: readonly Column<Database>[] = [
  {
    title: 'Name',
    cell: ({ id, name, role }) => (
      <>
        <Anchor component={Link} to={`/databases/${id}`} fw={600}>
          {name}
        </Anchor>
        {role === 'replica' && (
          <Text span size="sm" c="dimmed">
            {' '}
            replica
          </Text>
        )}
      </>
    ),
  },
  { title: 'Engine', cell: ({ engine, version }) => <Engine name={engine} version={version} /> },
  {
    title: 'Host',
    cell: ({ host, port }) => (
      <span className="breaks-anywhere">
        {host}
        <wbr />:{port}
      </span>
    ),
  },
  { title: 'Status', cell: (database) => <Statuses database={database} /> },
  { title: 'Policy', cell: ({ attachment }) => <PolicyLink attachment={attachment} /> },
  { title: 'Last full', cell: ({ lastFullAt }) => <Time at={lastFullAt} none="none" /> },
  { title: 'Last incremental', cell: ({ lastIncrementalAt }) => <Time at={lastIncrementalAt} none="none" /> },
  { title: 'PITR', cell: ({ attachment }) => <PitrBadge status={attachment?.pitrStatus} /> },
];

function Statuses({ database }: { readonly database: Database }) {
  const { status, statusMessage, attachment, role } = database;
  return (
    <Group gap={4}>
      <Tooltip label={statusMessage} disabled={statusMessage === null} multiline maw={400}>
        <span>
          <StatusBadge status={status} />
        </span>
      </Tooltip>
      {attachment === null && role === 'primary' && <StatusBadge status="unprotected" />}
      {attachment !== null && attachment.overdueSince !== null && (
        <Group gap={4}>
          <StatusBadge status="overdue" />
          <Text span size="sm" c="dimmed">
            since <Time at={attachment.overdueSince} />
          </Text>
        </Group>
      )}
    </Group>
  );
}

function PolicyLink({ attachment }: Pick<Database, 'attachment'>) {
  if (attachment === null) return <>none</>;
  return (
    <Anchor component={Link} to={`/policies/${attachment.policyId}`}>
      {attachment.policyName}
    </Anchor>
  );
}
