import { Badge } from '@mantine/core';
import type { BackupStatus, DatabaseStatus, PitrStatus, PolicyStatus, TaskStatus } from '#domain/states.ts';

export type Status = DatabaseStatus | PolicyStatus | PitrStatus | BackupStatus | TaskStatus | 'overdue' | 'unprotected';

const colours: Readonly<Record<Status, string>> = {
  active: 'green',
  completed: 'green',
  running: 'blue',
  checking: 'blue',
  validating: 'blue',
  configuring: 'blue',
  pending: 'gray',
  queued: 'gray',
  skipped: 'gray',
  disabled: 'gray',
  deleted: 'gray',
  deleting: 'orange',
  paused: 'orange',
  overdue: 'orange',
  unprotected: 'orange',
  failed: 'red',
  error: 'red',
};

interface StatusBadgeProps {
  readonly status: Status;
  /** Instead of the status's own word. */
  readonly word?: string;
}

/** The colour repeats what the word says. */
export function StatusBadge({ status, word = status }: StatusBadgeProps) {
  return (
    <Badge variant="dot" color={colours[status]} tt="none" fw={500} miw="max-content">
      {word.charAt(0).toUpperCase() + word.slice(1)}
    </Badge>
  );
}

/** `--` where point-in-time recovery is off. */
export function PitrBadge({ status }: { readonly status: PitrStatus | undefined }) {
  if (status === undefined || status === 'disabled') return <span title="Point-in-time recovery is off">--</span>;
  return <StatusBadge status={status} />;
}
