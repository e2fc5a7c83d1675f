import { Button, Group, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { RecoveryWindow } from '../../client/restores.ts';
import type { Task } from '../../client/tasks.ts';
import { utcWords } from '../../parts/time-words.ts';
import { isRestored } from './is-restored.ts';
import { lastOfBefore, secondOf } from './window-times.ts';

interface QuickChoicesProps {
  readonly window: RecoveryWindow;
  /** The tasks of restores, newest first. */
  readonly restores: readonly Task[];
  readonly onChoose: (at: number) => void;
}

const agos = [
  { label: '5 minutes ago', ms: 5 * 60_000 },
  { label: '1 hour ago', ms: 3_600_000 },
  { label: '1 day ago', ms: 86_400_000 },
] as const;

const SHOWN_RESTORES = 5;

export function QuickChoices({ window, restores, onChoose }: QuickChoicesProps) {
  const end = window.intervals.at(-1)?.to;
  const befores = [
    ...restores
      .filter(isRestored)
      .map(({ startedAt, createdAt }) => ({
        label: `the restore of ${utcWords(createdAt)}`,
        at: lastOfBefore(window, Date.parse(startedAt ?? createdAt)),
      }))
      .filter(({ at }) => at !== undefined)
      .slice(0, SHOWN_RESTORES),
    ...window.holes.toReversed().map(({ from }) => ({ label: `the hole from ${utcWords(from)}`, at: secondOf(Date.parse(from)) })),
  ];
  return (
    <Group gap="xs" role="group" aria-label="Quick choices">
      {agos.map(({ label, ms }) => (
        <Button key={label} size="xs" variant="default" onClick={() => onChoose(secondOf(Date.now() - ms))}>
          {label}
        </Button>
      ))}
      {end !== undefined && (
        <Button size="xs" variant="default" onClick={() => onChoose(secondOf(Date.parse(end)))}>
          End of the window
        </Button>
      )}
      {befores.length > 0 && (
        <Menu>
          <Menu.Target>
            <Button size="xs" variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
              Just before…
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {befores.map(({ label, at }) => (
              <Menu.Item key={label} onClick={() => at !== undefined && onChoose(at)}>
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  );
}
