import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { type Attachment, useAttachments } from '../../client/attachments.ts';
import type { Policy } from '../../client/policies.ts';
import { usePolicyTasks } from '../../client/tasks.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { Engine } from '../../parts/engine.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { PitrBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { AttachDatabase } from './attach-database.tsx';
import { AttachProgress } from './attach-progress.tsx';
import { DetachDatabase } from './detach-database.tsx';
import { ManualBackup } from './manual-backup.tsx';
import { Section } from '../../parts/section.tsx';

export function AttachedDatabases({ policy }: { readonly policy: Policy }) {
  const attachments = useAttachments(policy.id);
  const tasks = usePolicyTasks(policy.id).rows;
  const busy = new Set(tasks.filter(({ endedAt }) => endedAt === null).map(({ databaseId }) => databaseId));
  return (
    <Section title="Attached Databases">
      <ProblemAlert error={attachments.error} />
      {attachments.isPending && <Skeleton height={88} aria-busy />}
      {attachments.data?.length === 0 && (
        <Text size="sm">No database is attached yet, so there is nothing to back up. Choose one: its first full backup runs at once.</Text>
      )}
      {attachments.data !== undefined && attachments.data.length > 0 && (
        <Rows
          label="Attached databases"
          rows={attachments.data}
          rowKey={({ databaseId }) => databaseId}
          columns={columnsOf(policy, busy)}
        />
      )}
      <AttachDatabase policy={policy} tasks={tasks} />
      <AttachProgress tasks={tasks} />
    </Section>
  );
}

function columnsOf(policy: Policy, busy: ReadonlySet<string | null>): readonly Column<Attachment>[] {
  return [...columns, { title: 'Actions', cell: (attachment) => <Actions policy={policy} attachment={attachment} busy={busy} /> }];
}

const columns: readonly Column<Attachment>[] = [
  {
    title: 'Database Name',
    cell: ({ databaseId, databaseName }) => (
      <Anchor component={Link} to={`/databases/${databaseId}`} fw={600}>
        {databaseName}
      </Anchor>
    ),
  },
  { title: 'Engine', cell: ({ engine }) => <Engine name={engine} /> },
  { title: 'Host', cell: ({ host }) => host },
  { title: 'Last Full Backup', cell: ({ lastFullAt }) => <Time at={lastFullAt} none="none" /> },
  { title: 'Last Incremental', cell: ({ lastIncrementalAt }) => <Time at={lastIncrementalAt} none="none" /> },
  {
    title: 'PITR Status',
    cell: ({ pitrStatus, pitrMessage }) => (
      <Stack gap={4} align="flex-start">
        <PitrBadge status={pitrStatus} />
        {pitrMessage !== null && (
          <Text size="sm" c="dimmed" className="breaks">
            {pitrMessage}
          </Text>
        )}
      </Stack>
    ),
  },
];

interface ActionsProps {
  readonly policy: Policy;
  readonly attachment: Attachment;
  readonly busy: ReadonlySet<string | null>;
}

function Actions({ policy, attachment, busy }: ActionsProps) {
  const isBusy = busy.has(attachment.databaseId);
  return (
    <Group gap="xs">
      <ManualBackup attachment={attachment} isBusy={isBusy} />
      <DetachDatabase policy={policy} attachment={attachment} isBusy={isBusy} />
    </Group>
  );
}
