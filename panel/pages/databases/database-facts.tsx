import { Anchor, Button, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import { type Database, useCheckDatabase, useDatabase, useServers } from '../../client/databases.ts';
import { useMe } from '../../client/me.ts';
import { usePolicy } from '../../client/policies.ts';
import { useUsers } from '../../client/users.ts';
import { Engine } from '../../parts/engine.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { PitrBadge, StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { FactsSection } from '../../parts/facts-section.tsx';

export function DatabaseFacts({ database }: { readonly database: Database }) {
  const { engine, version, host, port, sshPort, sshUser, hostKeyFingerprint, role } = database;
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
      {role === 'primary' ? <ProtectionFacts database={database} /> : <ReplicaFacts />}
      <FactsSection
        title="Server"
        facts={[
          { name: 'Engine', value: <Engine name={engine} version={version} /> },
          { name: 'Address', value: `${host}:${port}` },
          { name: 'SSH', value: `${sshUser}@${host}:${sshPort}` },
          { name: 'Host key', value: hostKeyFingerprint === null ? 'taken at the first check' : <Code>{hostKeyFingerprint}</Code> },
          { name: 'Status', value: <CheckedStatus database={database} /> },
          { name: 'Role', value: <Role database={database} /> },
          { name: 'Owner', value: <Owner id={database.ownerId} /> },
          { name: 'Added', value: <Time at={database.createdAt} exact /> },
        ]}
      />
    </SimpleGrid>
  );
}

function ProtectionFacts({ database }: { readonly database: Database }) {
  const { attachment, lastFullAt, lastIncrementalAt } = database;
  const backups = [
    { name: 'Last full', value: <Time at={lastFullAt} none="none" /> },
    { name: 'Last incremental', value: <Time at={lastIncrementalAt} none="none" /> },
  ];
  if (attachment === null) return <FactsSection title="Protection" facts={[{ name: 'Policy', value: 'none' }, ...backups]} />;
  const { policyId, policyName, pitrStatus, overdueSince } = attachment;
  return (
    <FactsSection
      title="Protection"
      facts={[
        {
          name: 'Policy',
          value: (
            <Anchor component={Link} to={`/policies/${policyId}`}>
              {policyName}
            </Anchor>
          ),
        },
        { name: 'PITR', value: <PitrBadge status={pitrStatus} /> },
        ...backups,
        { name: 'Overdue', value: <Overdue since={overdueSince} /> },
        { name: 'Next backups', value: <NextSlots policyId={policyId} /> },
      ]}
    />
  );
}

function ReplicaFacts() {
  return (
    <FactsSection
      title="Protection"
      facts={[{ name: 'Backups', value: 'Its primary is backed up; while this replica follows it, the data may be read from here.' }]}
    />
  );
}

function Overdue({ since }: { readonly since: string | null }) {
  if (since === null) return <>no</>;
  return (
    <Group gap={4}>
      <StatusBadge status="overdue" />
      <span>
        since <Time at={since} exact />
      </span>
    </Group>
  );
}

function NextSlots({ policyId }: { readonly policyId: string }) {
  const { data: policy, error } = usePolicy(policyId);
  if (policy === undefined) return <>{error === null ? '…' : error.detail}</>;
  if (policy.nextSlots.length === 0) return <>none: the policy is {policy.status}</>;
  return (
    <Stack gap={2}>
      {policy.nextSlots.slice(0, 3).map(({ at, kind }) => (
        <span key={at}>
          {kind === 'full' ? 'Full' : 'Incremental'} <Time at={at} />
        </span>
      ))}
    </Stack>
  );
}

function CheckedStatus({ database }: { readonly database: Database }) {
  const { status, checkedAt, id } = database;
  const check = useCheckDatabase(id);
  return (
    <Stack gap={4} align="flex-start">
      <Group gap="xs">
        <StatusBadge status={status} />
        <Text span size="sm" c="dimmed">
          {checkedAt === null ? (
            'not checked yet'
          ) : (
            <>
              checked <Time at={checkedAt} />
            </>
          )}
        </Text>
        {status === 'active' && (
          <Button size="compact-xs" variant="default" onClick={() => check.mutate()} loading={check.isPending}>
            Check again
          </Button>
        )}
      </Group>
      <ProblemAlert error={check.error} />
    </Stack>
  );
}

function Role({ database }: { readonly database: Database }) {
  return database.primaryId === null ? <Replicas database={database} /> : <ReplicaOf primaryId={database.primaryId} />;
}

function ReplicaOf({ primaryId }: { readonly primaryId: string }) {
  const { data: primary } = useDatabase(primaryId);
  return (
    <>
      replica of{' '}
      <Anchor component={Link} to={`/databases/${primaryId}`} underline="always">
        {primary?.name ?? 'its primary'}
      </Anchor>
    </>
  );
}

function Replicas({ database: { id, ownerId, engine } }: { readonly database: Database }) {
  const replicas = (useServers({ ownerId, engine }).data ?? []).filter(({ primaryId }) => primaryId === id);
  if (replicas.length === 0) return <>primary, no replica is known</>;
  return (
    <>
      primary of{' '}
      {replicas.map((replica, index) => (
        <span key={replica.id}>
          {index > 0 && ', '}
          <Anchor component={Link} to={`/databases/${replica.id}`} underline="always">
            {replica.name}
          </Anchor>
        </span>
      ))}
    </>
  );
}

function Owner({ id }: { readonly id: string }) {
  const me = useMe();
  const owner = useUsers().data?.find((user) => user.id === id);
  return <>{id === me.id ? 'you' : (owner?.email ?? id)}</>;
}
