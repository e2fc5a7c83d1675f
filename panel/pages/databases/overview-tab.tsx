import { Alert, Button, Stack } from '@mantine/core';
import { IconArrowRight, IconShieldOff } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useCheckDatabase, useRetryPitr, type Database } from '../../client/databases.ts';
import { FailureAlert, ProblemAlert } from '../../parts/problem-alert.tsx';
import { DatabaseFacts } from './database-facts.tsx';
import { useShownDatabase } from './shown-database.ts';

export function OverviewTab() {
  const database = useShownDatabase();
  const { status, attachment, role } = database;
  return (
    <Stack gap="lg">
      {status === 'error' && <CheckFailed database={database} />}
      {attachment === null && role === 'primary' && <NextStep database={database} />}
      {attachment?.pitrStatus === 'error' && <PitrFailed database={database} message={attachment.pitrMessage} />}
      <DatabaseFacts database={database} />
    </Stack>
  );
}

function CheckFailed({ database }: { readonly database: Database }) {
  const check = useCheckDatabase(database.id);
  return (
    <FailureAlert
      title="The database cannot be reached as it should be"
      message={database.statusMessage ?? 'the last check failed'}
      hint="Mend it on the host or in the settings, then check again."
    >
      <Button size="xs" variant="default" w="fit-content" onClick={() => check.mutate()} loading={check.isPending}>
        Check again
      </Button>
      <ProblemAlert error={check.error} />
    </FailureAlert>
  );
}

function PitrFailed({ database, message }: { readonly database: Database; readonly message: string | null }) {
  const retry = useRetryPitr(database.id);
  return (
    <FailureAlert
      title="Point-in-time recovery does not work"
      message={message ?? 'its configuration failed'}
      hint="Until it works again, new times cannot be restored to. Backups go on."
    >
      <Button size="xs" variant="default" w="fit-content" onClick={() => retry.mutate()} loading={retry.isPending}>
        Retry PITR Configuration
      </Button>
      <ProblemAlert error={retry.error} />
    </FailureAlert>
  );
}

function NextStep({ database: { name, status } }: { readonly database: Database }) {
  return (
    <Alert color="orange" icon={<IconShieldOff aria-hidden />} title={`${name} is not backed up: no policy protects it`}>
      <Stack gap="sm" align="flex-start">
        {status === 'active'
          ? 'The next step is to attach it to a backup policy, which says where its backups lie, when they are taken, and how long they are kept.'
          : 'When its check has passed, attach it to a backup policy, which says where its backups lie, when they are taken, and how long they are kept.'}
        <Button component={Link} to="/policies" rightSection={<IconArrowRight size={16} aria-hidden />}>
          Attach to a policy
        </Button>
      </Stack>
    </Alert>
  );
}
