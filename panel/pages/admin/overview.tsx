import { Alert, SimpleGrid, Skeleton } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { type Overview as Answer, useOverview } from '../../client/overview.ts';
import { bytesWords } from '../../parts/bytes.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { Figure } from './figure.tsx';
import { StoredChart } from './stored-chart.tsx';
import { Troubles } from './troubles.tsx';

export function Overview() {
  const overview = useOverview();
  return (
    <Page title="Overview" summary="Everybody's databases and policies.">
      <ProblemAlert error={overview.error} onRetry={() => void overview.refetch()} />
      {overview.isPending && <Skeleton height={320} aria-busy />}
      {overview.data !== undefined && <Shown overview={overview.data} />}
    </Page>
  );
}

function Shown({ overview }: { readonly overview: Answer }) {
  const { stored } = overview;
  return (
    <>
      <Figures overview={overview} />
      {isCalm(overview) && (
        <Alert color="green" icon={<IconCircleCheck aria-hidden />} title="Nothing needs anybody">
          Every primary is under a policy, no backup is missing, no policy is failing, no task has failed in the last 24 hours, and no mail
          is unsent.
        </Alert>
      )}
      <Troubles overview={overview} />
      <Section title="What backups wrote" description="Each of the last 30 days (UTC), and what of it is still kept.">
        <StoredChart days={stored.days} />
      </Section>
    </>
  );
}

function isCalm(overview: Answer): boolean {
  const { databases, unprotected, overdue, failing, unreachable, pitrInTrouble, tasks, unsentNotices } = overview;
  const troubles = [unprotected, overdue, failing, unreachable, pitrInTrouble].map(({ total }) => total);
  return databases > 0 && [...troubles, tasks.failedLastDay, unsentNotices ?? 0].every((count) => count === 0);
}

function Figures({ overview }: { readonly overview: Answer }) {
  const { databases, policies, unprotected, overdue, failing, tasks, stored, unsentNotices } = overview;
  const backups = `${stored.backups} ${stored.backups === 1 ? 'backup' : 'backups'}`;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }}>
      <Figure
        label="Unprotected"
        value={unprotected.total}
        of={`of ${databases} databases`}
        to="/admin/databases?isAttached=false"
        isTrouble
      />
      <Figure label="Overdue" value={overdue.total} of="a backup is missing" isTrouble />
      <Figure label="Failing" value={failing.total} of={`of ${policies} policies`} to="/admin/policies" isTrouble />
      <Figure label="Failed tasks" value={tasks.failedLastDay} of="in the last 24 hours" to="/admin/tasks?status=failed" isTrouble />
      <Figure label="Running" value={tasks.running} of="tasks" to="/admin/tasks?status=running" />
      <Figure label="Queued" value={tasks.queued} of="tasks" to="/admin/tasks?status=queued" />
      <Figure label="Stored" value={bytesWords(stored.backupBytes)} of={`${backups}, and ${bytesWords(stored.logBytes)} of logs`} />
      <Figure label="Unsent mails" value={unsentNotices ?? 0} of="still tried" to="/admin/notices?isSent=false" isTrouble />
    </SimpleGrid>
  );
}
