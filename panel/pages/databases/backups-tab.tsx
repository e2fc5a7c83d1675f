import { Button, Center, Group, Stack, Switch, Text } from '@mantine/core';
import { IconDatabaseExport } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { type Backup, useBackups, useRetentionPlan } from '../../client/backups.ts';
import type { Database } from '../../client/databases.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { BackupChains } from './backup-chain-list.tsx';
import { chainsOf } from './backup-chains.ts';
import { DeleteBackup } from './delete-backup.tsx';
import { Loading } from './loading.tsx';
import { RetentionPlan } from './retention-plan.tsx';
import { useShownDatabase } from './shown-database.ts';

export function BackupsTab() {
  const database = useShownDatabase();
  const backups = useBackups(database.id);
  const [withDeleted, setWithDeleted] = useState(false);
  const [doomed, setDoomed] = useState<Backup>();
  if (backups.isPending) return <Loading />;
  const shown = backups.rows.filter(({ status }) => withDeleted || status !== 'deleted');
  return (
    <Stack gap="lg">
      <ProblemAlert error={backups.error} />
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          An incremental needs the full and each incremental above it. Sizes: as they were read, and as they are stored.
        </Text>
        <Switch
          label="Show deleted ones too"
          checked={withDeleted}
          onChange={({ currentTarget }) => setWithDeleted(currentTarget.checked)}
        />
      </Group>
      {shown.length === 0 && backups.error === null ? (
        <NoBackup database={database} />
      ) : (
        <BackupChains chains={chainsOf(shown)} database={database} onDelete={setDoomed} />
      )}
      {backups.hasMore && (
        <Center>
          <Button variant="default" onClick={backups.loadMore} loading={backups.isLoadingMore}>
            Show more
          </Button>
        </Center>
      )}
      {database.attachment !== null && <Retention database={database} />}
      <DeleteBackup database={database} backup={doomed} all={backups.rows} onClose={() => setDoomed(undefined)} />
    </Stack>
  );
}

function Retention({ database }: { readonly database: Database }) {
  const { data, error } = useRetentionPlan(database.id);
  if (error !== null) return <ProblemAlert error={error} title="What retention removes next cannot be told" />;
  return data !== undefined && <RetentionPlan doomed={data} />;
}

function NoBackup({ database: { attachment, id } }: { readonly database: Database }) {
  if (attachment === null)
    return (
      <EmptyState
        icon={IconDatabaseExport}
        title="No backup yet"
        action={
          <Button component={Link} to={`/databases/${id}`}>
            To the overview
          </Button>
        }
      >
        The database is not attached to a policy. Attach it: its first full backup is then taken at once.
      </EmptyState>
    );
  return (
    <EmptyState icon={IconDatabaseExport} title="No backup yet">
      The next slot of the policy brings one; Manual Backup takes one now.
    </EmptyState>
  );
}
