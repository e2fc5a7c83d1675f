import type { components } from '../../client/openapi.d.ts';

type Backup = components['schemas']['Backup'];

/** A full with what builds on it. */
export interface BackupChain {
  /** A full; or, where that is not among the backups, the first that builds on it. */
  readonly head: Backup;
  /** In the order in which they were taken: each builds on the one before that is completed. */
  readonly incrementals: readonly Backup[];
}

/** Newest chain first. */
export function chainsOf(backups: readonly Backup[]): BackupChain[] {
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const chains = new Map<Backup, Backup[]>();
  for (const backup of backups) {
    const head = headOf(backup, byId);
    const members = chains.get(head) ?? [];
    if (backup !== head) members.push(backup);
    chains.set(head, members);
  }
  return [...chains]
    .map(([head, incrementals]) => ({ head, incrementals: incrementals.toSorted((a, b) => timeOf(a) - timeOf(b)) }))
    .toSorted((a, b) => timeOf(b.head) - timeOf(a.head));
}

/** The moment that a backup holds; while that is not known, when it began. */
export function momentOf({ consistentAt, startedAt, createdAt }: Backup): string {
  return consistentAt ?? startedAt ?? createdAt;
}

function timeOf(backup: Backup): number {
  return Date.parse(momentOf(backup));
}

function headOf(backup: Backup, byId: ReadonlyMap<string, Backup>): Backup {
  let head = backup;
  const seen = new Set([head]);
  for (let parent = byId.get(head.parentId ?? ''); parent !== undefined && !seen.has(parent); parent = byId.get(head.parentId ?? '')) {
    head = parent;
    seen.add(head);
  }
  return head;
}
