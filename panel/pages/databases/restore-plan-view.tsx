import { Alert, Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { isRefusal } from '../../client/problem-error.ts';
import type { RecoveryWindow, RestoreGoal, RestorePlan, useRestorePlan } from '../../client/restores.ts';
import { bytesWords } from '../../parts/bytes.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Time } from '../../parts/time.tsx';
import { durationWords, utcWords } from '../../parts/time-words.ts';
import { FactsSection } from '../../parts/facts-section.tsx';
import { Loading } from './loading.tsx';
import { isoSecond, nearestTimes } from './window-times.ts';

interface RestorePlanViewProps {
  readonly goal: RestoreGoal;
  readonly words: string;
  readonly plan: Pick<ReturnType<typeof useRestorePlan>, 'data' | 'error' | 'refetch'>;
  readonly window?: RecoveryWindow;
  readonly onChoose?: (target: string) => void;
}

/** What the restore would do; or why it cannot be, with the nearest times that can. */
export function RestorePlanView({ goal, words, plan, window, onChoose }: RestorePlanViewProps) {
  const { data, error, refetch } = plan;
  if (error !== null && !isRefusal(error) && data === undefined) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (error !== null && isRefusal(error))
    return (
      <Stack>
        <ProblemAlert error={error} title="This cannot be restored" />
        {error.code === 'target-outside-window' && 'target' in goal && window !== undefined && onChoose !== undefined && (
          <NearestTimes window={window} target={Date.parse(goal.target)} onChoose={onChoose} />
        )}
      </Stack>
    );
  if (data === undefined) return <Loading />;
  return data.isKnown ? <KnownPlan plan={data} words={words} /> : <UnknownPlan words={words} />;
}

interface NearestTimesProps {
  readonly window: RecoveryWindow;
  readonly target: number;
  readonly onChoose: (target: string) => void;
}

function NearestTimes({ window, target, onChoose }: NearestTimesProps) {
  const { before, after } = nearestTimes(window, target);
  return (
    <Group gap="xs">
      {before !== undefined && (
        <Button variant="default" size="xs" onClick={() => onChoose(isoSecond(before))}>
          Nearest before: {utcWords(before)}
        </Button>
      )}
      {after !== undefined && (
        <Button variant="default" size="xs" onClick={() => onChoose(isoSecond(after))}>
          Nearest after: {utcWords(after)}
        </Button>
      )}
    </Group>
  );
}

function KnownPlan({ plan, words }: { readonly plan: RestorePlan; readonly words: string }) {
  const { chain, logs, diskBytes, expectedSeconds } = plan;
  const [base, ...incrementals] = chain;
  return (
    <FactsSection
      title={`Plan for ${words}`}
      facts={[
        { name: 'Base', value: base === undefined ? '–' : <Link link={base} /> },
        { name: 'Incrementals', value: incrementals.length === 0 ? 'none' : <Incrementals links={incrementals} /> },
        { name: 'Logs', value: logs === null ? 'none: exactly the backup' : `${logs.pieces} to replay, ${bytesWords(logs.bytes)}` },
        {
          name: 'Disk',
          value:
            diskBytes === null
              ? 'not known; it is looked at before anything is changed'
              : `about ${bytesWords(diskBytes)} have to be free on the host, beside the running database`,
        },
        { name: 'Expected time', value: expectedSeconds === null ? 'not known' : `about ${durationWords(expectedSeconds * 1000)}` },
      ]}
    />
  );
}

function Link({ link: { kind, consistentAt, sizeBytes } }: { readonly link: RestorePlan['chain'][number] }) {
  return (
    <>
      the {kind} of <Time at={consistentAt} exact />
      {sizeBytes !== null && `, ${bytesWords(sizeBytes)}`}
    </>
  );
}

function Incrementals({ links }: { readonly links: RestorePlan['chain'] }) {
  return (
    <List>
      {links.map((link) => (
        <List.Item key={link.backupId}>
          <Link link={link} />
        </List.Item>
      ))}
    </List>
  );
}

function UnknownPlan({ words }: { readonly words: string }) {
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label={`Plan for ${words}`}>
      <Title order={2} size="h4" mb="sm">
        Plan for {words}
      </Title>
      <Alert icon={<IconInfoCircle aria-hidden />}>
        <Text size="sm">
          This time is newer than the last archived log. The restore first has the logs archived, and plans then; if the time cannot be
          reached, it ends there and nothing is changed.
        </Text>
      </Alert>
    </Paper>
  );
}
