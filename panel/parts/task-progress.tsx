import { Group, Progress, Stack, Text, ThemeIcon, Timeline } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { Schemas } from '../client/ask.ts';
import { bytesWords } from './bytes.tsx';
import { recovering, stepsOf, undoing } from './phases.ts';
import { FailureAlert } from './problem-alert.tsx';

type Task = Schemas['Task'];

/** A task by its phases, each with its progress, and its error in words. */
export function TaskProgress({ task }: { readonly task: Task }) {
  const steps = stepsOf(task);
  return (
    <Stack>
      {task.status === 'failed' && task.phase !== null && (
        <Text size="sm">
          {undoing.has(task.phase)
            ? 'It failed. Its last phase, in which a failed task also takes back what it had begun:'
            : 'It failed in this phase:'}
        </Text>
      )}
      {steps.length > 0 && (
        <Timeline active={steps.findLastIndex(({ state }) => state !== 'open')} bulletSize={22} lineWidth={2} aria-label="Phases">
          {steps.map(({ phase, state }) => (
            <Timeline.Item key={phase} title={phase} bullet={<Bullet state={state} />}>
              {state === 'at' && task.status === 'running' && <PhaseProgress task={task} />}
            </Timeline.Item>
          ))}
        </Timeline>
      )}
      {task.error !== null && <FailureAlert message={task.error.message} hint={task.error.hint} />}
    </Stack>
  );
}

/** How far the phase has come, where it counts. */
export function PhaseProgress({ task }: { readonly task: Task }) {
  const { progress, phase } = task;
  if (progress === null) return <Progress value={100} animated aria-label={task.phase ?? 'Running'} maw={320} />;
  return (
    <Stack gap={4} maw={320}>
      <Progress value={progress.percent} animated aria-label={task.phase ?? 'Running'} />
      <Group justify="space-between">
        <Text size="xs">{progress.percent} %</Text>
        <Text size="xs" c="dimmed">
          {phase === recovering ? 'of the logs up to the target' : `${bytesWords(progress.done)} of ${bytesWords(progress.total)}`}
        </Text>
      </Group>
    </Stack>
  );
}

function Bullet({ state }: Pick<ReturnType<typeof stepsOf>[number], 'state'>) {
  if (state === 'failed')
    return (
      <ThemeIcon size={22} radius="xl" color="red" role="img" aria-label="failed">
        <IconX size={14} />
      </ThemeIcon>
    );
  return state === 'done' ? <IconCheck size={14} role="img" aria-label="done" /> : null;
}
