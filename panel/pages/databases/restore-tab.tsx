import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link, useSearchParams } from 'react-router';
import type { Database } from '../../client/databases.ts';
import { isRefusal } from '../../client/problem-error.ts';
import { type RestoreGoal, useRecoveryWindow, useRestorePlan } from '../../client/restores.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { utcWords } from '../../parts/time-words.ts';
import { ChooseTime } from './choose-time.tsx';
import { Loading } from './loading.tsx';
import { RestorePlanView } from './restore-plan-view.tsx';
import { RestoreHistory } from './restore-history.tsx';
import { StartRestore } from './start-restore.tsx';
import { useShownDatabase } from './shown-database.ts';

/** What is to be restored stands in the address: `?at=` a second (UTC), or `?backup=` an id. */
export function RestoreTab() {
  const database = useShownDatabase();
  const [query] = useSearchParams();
  const backupId = query.get('backup');
  return (
    <Stack gap="xl">
      {backupId === null ? <ToTime database={database} target={query.get('at')} /> : <ToBackup database={database} backupId={backupId} />}
      <RestoreHistory database={database} />
    </Stack>
  );
}

function ToTime({ database, target }: { readonly database: Database; readonly target: string | null }) {
  const [, setQuery] = useSearchParams();
  const window = useRecoveryWindow(database.id);
  const choose = (at: string): void =>
    setQuery(
      (before) => {
        const after = new URLSearchParams(before);
        after.set('at', at);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  if (window.data === undefined)
    return window.error === null ? <Loading /> : <ProblemAlert error={window.error} onRetry={() => void window.refetch()} />;
  return (
    <>
      <ChooseTime database={database} window={window.data} target={target} onChoose={choose} />
      {target !== null && <Restoring database={database} goal={{ target }} words={words(target)} window={window.data} onChoose={choose} />}
    </>
  );
}

function words(target: string): string {
  return Number.isNaN(Date.parse(target)) ? target : utcWords(target);
}

function ToBackup({ database, backupId }: { readonly database: Database; readonly backupId: string }) {
  const goal = { backupId };
  const plan = useRestorePlan(database.id, goal);
  const backup = plan.isPlaceholderData ? undefined : plan.data?.chain.at(-1);
  const what = backup === undefined ? 'the chosen backup' : `the ${backup.kind} backup of ${momentWords(backup.consistentAt)}`;
  return (
    <>
      <Stack gap="xs">
        <Title order={2} size="h3">
          Restore {what}
        </Title>
        <Text>
          Brings back exactly what the backup holds, and nothing that was committed after it.{' '}
          <Anchor component={Link} to={`/databases/${database.id}/restore`} underline="always">
            Restore to a time instead
          </Anchor>
        </Text>
      </Stack>
      <Restoring database={database} goal={goal} words={what} />
    </>
  );
}

function momentWords(at: string | null): string {
  return at === null ? 'a moment that is not known' : utcWords(at);
}

interface RestoringProps extends Partial<Pick<Parameters<typeof RestorePlanView>[0], 'window' | 'onChoose'>> {
  readonly database: Database;
  readonly goal: RestoreGoal;
  /** What the goal is called. */
  readonly words: string;
}

/** The plan, and only then the button. */
function Restoring({ database, goal, words, ...choice }: RestoringProps) {
  const plan = useRestorePlan(database.id, goal);
  const isRefused = plan.error !== null && isRefusal(plan.error);
  const isReady = plan.data !== undefined && !isRefused && !plan.isPlaceholderData;
  return (
    <>
      <RestorePlanView goal={goal} words={words} plan={plan} {...choice} />
      {isReady && <StartRestore database={database} goal={goal} words={words} />}
    </>
  );
}
