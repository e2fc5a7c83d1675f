import { List, Stack, Text, Title } from '@mantine/core';
import { IconClockOff } from '@tabler/icons-react';
import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { useBackups } from '../../client/backups.ts';
import type { Database } from '../../client/databases.ts';
import type { RecoveryWindow } from '../../client/restores.ts';
import { useTasks } from '../../client/tasks.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Time } from '../../parts/time.tsx';
import { QuickChoices } from './quick-choices.tsx';
import { TargetPicker } from './target-picker.tsx';
import { TimeLine } from './time-line.tsx';
import { isoSecond } from './window-times.ts';

interface ChooseTimeProps {
  readonly database: Database;
  readonly window: RecoveryWindow;
  readonly target: string | null;
  readonly onChoose: (target: string) => void;
}

export function ChooseTime({ database, window, target, onChoose }: ChooseTimeProps) {
  const backups = useBackups(database.id).rows.filter(({ status }) => status === 'completed');
  const restores = useTasks({ databaseId: database.id, kind: 'restore' }).rows;
  if (window.intervals.length === 0) return <NoWindow database={database} reason={window.reason} />;
  const at = target === null ? undefined : Date.parse(target);
  const choose = (time: number): void => onChoose(isoSecond(time));
  return (
    <Stack>
      <Title order={2} size="h3">
        To which second?
      </Title>
      <Text>
        Choose the second in which the harm began: everything that was committed before it comes back, nothing that was committed in it or
        after it.
      </Text>
      <TimeLine window={window} backups={backups} target={Number.isNaN(at) ? undefined : at} onChoose={choose} />
      <WindowInWords window={window} />
      <TargetPicker target={target} onChoose={onChoose} />
      <QuickChoices window={window} restores={restores} onChoose={choose} />
    </Stack>
  );
}

function WindowInWords({ window: { intervals, holes } }: Pick<ChooseTimeProps, 'window'>) {
  return (
    <Stack gap="xs">
      <List size="sm" aria-label="Times that can be restored">
        {intervals.map(({ from, to }) => (
          <List.Item key={from}>
            From <Time at={from} exact /> to <Time at={to} exact />
          </List.Item>
        ))}
      </List>
      {holes.length > 0 && (
        <div>
          <Text size="sm" fw={500}>
            Holes: these times cannot be restored
          </Text>
          <List size="sm" aria-label="Holes">
            {holes.map(({ from, to, reason }) => (
              <List.Item key={from}>
                From <Time at={from} exact /> to <Time at={to} exact />: {reason}
              </List.Item>
            ))}
          </List>
        </div>
      )}
    </Stack>
  );
}

function NoWindow({ database: { id, attachment }, reason }: { readonly database: Database; readonly reason: string | null }) {
  return (
    <EmptyState
      icon={IconClockOff}
      title="No time can be restored"
      action={
        <Button component={Link} to={`/databases/${id}/backups`} variant="default">
          To the backups
        </Button>
      }
    >
      The reason: {reason ?? 'there is no backup with its logs yet'}.{' '}
      {attachment === null
        ? 'Backups that a former policy keeps can be restored once the database is attached to it again.'
        : 'A backup by itself can be restored from the list of backups.'}
    </EmptyState>
  );
}
