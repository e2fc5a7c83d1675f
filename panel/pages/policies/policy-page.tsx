import { Anchor, Button, Group, SimpleGrid, Skeleton, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { useMe } from '../../client/me.ts';
import { type Policy, usePolicy, useTestPolicyStore } from '../../client/policies.ts';
import { useUsers } from '../../client/users.ts';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { AttachedDatabases } from './attached-databases.tsx';
import { DeletePolicy } from './delete-policy.tsx';
import { PolicyActivity } from './policy-activity.tsx';
import { FailureBanner } from './failure-banner.tsx';
import { RecoveryKit } from './recovery-kit.tsx';
import { KeepingCard, ScheduleCard } from './settings-cards.tsx';
import { StoreCard } from './store-card.tsx';

export function PolicyPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = usePolicy(id);
  // one that is shown after another begins anew
  if (data !== undefined) return <ShownPolicy key={id} policy={data} />;
  return (
    <Page title="Backup policy">
      {error === null && <Skeleton height={400} aria-busy />}
      {error?.status === 404 ? <NoPolicy id={id} error={error} /> : <ProblemAlert error={error} onRetry={() => void refetch()} />}
    </Page>
  );
}

interface NoPolicyProps {
  readonly id: string;
  readonly error: unknown;
}

function NoPolicy({ id, error }: NoPolicyProps) {
  return (
    <>
      <ProblemAlert error={error} />
      <Text>
        Was it deleted with its backups kept?{' '}
        <Anchor component={Link} to={`/policies/${id}/deleted`} underline="always">
          Take its deletion back
        </Anchor>
      </Text>
    </>
  );
}

function ShownPolicy({ policy }: { readonly policy: Policy }) {
  const test = useTestPolicyStore(policy.id);
  return (
    <Page title={policy.name} summary={<Summary policy={policy} />} actions={<Edit policy={policy} />}>
      <FailureBanner policy={policy} test={test} />
      <AttachedDatabases policy={policy} />
      <SimpleGrid cols={{ base: 1, lg: 3 }}>
        <StoreCard policy={policy} test={test} />
        <ScheduleCard policy={policy} />
        <KeepingCard policy={policy} />
      </SimpleGrid>
      <PolicyActivity policy={policy} />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <RecoveryKit policy={policy} />
        <DeletePolicy policy={policy} />
      </SimpleGrid>
    </Page>
  );
}

function Summary({ policy: { status, ownerId } }: { readonly policy: Policy }) {
  const me = useMe();
  const owner = useUsers().data?.find(({ id }) => id === ownerId);
  return (
    <Group gap="xs">
      <StatusBadge status={status} />
      {ownerId !== me.id && owner !== undefined && `of ${owner.name} (${owner.email})`}
    </Group>
  );
}

function Edit({ policy: { id } }: { readonly policy: Policy }) {
  return (
    <Button component={Link} to={`/policies/${id}/edit`} variant="default" leftSection={<IconPencil size={18} aria-hidden />}>
      Edit
    </Button>
  );
}
