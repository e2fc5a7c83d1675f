import { Group, Progress, Stack, Text, ThemeIcon, Timeline } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { Schemas } from '../client/ask.ts';
import { bytesWords } from './bytes.tsx';
import { phasesOf, recovering } from './phases.ts';
import { FailureAlert } from './problem-alert.tsx';

type Task = Schemas['Task'];

/** A task by its phases, each with its progress, and its error in words. */
export function TaskProgress({ task }: { readonly task: Task }) {
  const phases = knownPhases(task);
  const at = task.status === 'completed' ? phases.length : phases.indexOf(task.phase ?? '');
  return (
    <Stack>
      <Timeline active={at} bulletSize={22} lineWidth={2} aria-label="Phases">
        {phases.map((phase, index) => (
          <Timeline.Item
            key={phase}
            title={phase}
            bullet={<Bullet isDone={index < at} isFailed={index === at && task.status === 'failed'} />}
          >
            {index === at && task.status === 'running' && <PhaseProgress task={task} />}
          </Timeline.Item>
        ))}
      </Timeline>
      {task.error !== null && <FailureAlert message={task.error.message} hint={task.error.hint} />}
    </Stack>
  );
}

/** How far the phase has come, where it counts. */
export function PhaseProgress({ task }: { readonly task: Task }) {
  const { progress, phase } = task;
  const amount = (count: number): string => (phase === recovering ? `${count} logs` : bytesWords(count));
  if (progress === null) return <Progress value={100} animated aria-label={task.phase ?? 'Running'} maw={320} />;
  return (
    <Stack gap={4} maw={320}>
      <Progress value={progress.percent} animated aria-label={task.phase ?? 'Running'} />
      <Group justify="space-between">
        <Text size="xs">{progress.percent} %</Text>
        <Text size="xs" c="dimmed">
          {amount(progress.done)} of {amount(progress.total)}
        </Text>
      </Group>
    </Stack>
  );
}

/** One that is not known here stands at the end. */
function knownPhases({ kind, phase }: Task): readonly string[] {
  const phases = phasesOf[kind];
  return phase === null || phases.includes(phase) ? phases : [...phases, phase];
}

function Bullet({ isDone, isFailed }: { readonly isDone: boolean; readonly isFailed: boolean }) {
  if (isFailed)
    return (
      <ThemeIcon size={22} radius="xl" color="red" role="img" aria-label="failed">
        <IconX size={14} />
      </ThemeIcon>
    );
  return isDone ? <IconCheck size={14} role="img" aria-label="done" /> : null;
}
