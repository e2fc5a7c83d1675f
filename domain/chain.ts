import type { BackupKind, BackupStatus } from './states.ts';

/** What the rules need to know of a backup. */
export interface ChainLink {
  readonly id: string;
  readonly kind: BackupKind;
  readonly status: BackupStatus;
  readonly generation: number;
  readonly parentId: string | null;
  /** Milliseconds since the epoch, by the catalogue's clock: which of two is the newer one. */
  readonly createdAt: number;
  /** Milliseconds since the epoch, by the clock of the server: the moment from which the data is consistent. */
  readonly consistentAt: number | null;
}

/** A backup's chain, the full first; undefined when a link is missing, not completed, or of another generation. */
export function findChain<T extends ChainLink>(backups: readonly T[], backupId: string): T[] | undefined {
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const chain: T[] = [];
  for (let link = byId.get(backupId); link !== undefined; link = byId.get(link.parentId ?? '')) {
    if (link.status !== 'completed' || link.generation !== (chain[0] ?? link).generation || chain.includes(link)) return undefined;
    chain.unshift(link);
    if (link.kind === 'full') return chain;
  }
  return undefined;
}

export type KindDecision<T extends ChainLink> =
  | { readonly kind: 'full'; readonly fallbackReason?: string }
  | { readonly kind: 'incremental'; readonly parent: T };

/** An incremental needs the generation's newest completed backup with its whole chain; otherwise it becomes a full, with the reason. */
export function decideKind<T extends ChainLink>(requested: BackupKind, backups: readonly T[], generation: number): KindDecision<T> {
  if (requested === 'full') return { kind: 'full' };
  const candidates = backups.filter((backup) => backup.status === 'completed' && backup.consistentAt !== null);
  const parent = candidates
    .filter((backup) => backup.generation === generation)
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .at(-1);
  if (parent === undefined) {
    return {
      kind: 'full',
      fallbackReason:
        candidates.length === 0 ? 'there is no completed backup to build on' : `generation ${generation} has no completed backup yet`,
    };
  }
  if (findChain(backups, parent.id) === undefined) {
    return { kind: 'full', fallbackReason: `the chain of the newest backup ${parent.id} is incomplete` };
  }
  return { kind: 'incremental', parent };
}

/** A backup and everything that builds on it and is there, itself first; empty when it is not completed. */
export function withDescendants<T extends Pick<ChainLink, 'id' | 'parentId' | 'status'>>(backups: readonly T[], backupId: string): T[] {
  const own = backups.filter((backup) => backup.id === backupId && backup.status === 'completed');
  const children = backups.filter((backup) => backup.parentId === backupId && own.length > 0);
  return [...own, ...children.flatMap((child) => withDescendants(backups, child.id))];
}
