import { Paper, Stack, Text } from '@mantine/core';
import type { Backup } from '../../client/backups.ts';
import type { Database } from '../../client/databases.ts';
import { utcWords } from '../../parts/time-words.ts';
import classes from './backup-chains.module.css';
import { BackupRow, type BackupRowProps } from './backup-row.tsx';
import { type BackupChain, momentOf } from './backup-chains.ts';

interface BackupChainsProps {
  readonly chains: readonly BackupChain[];
  readonly database: Database;
  readonly onDelete: (backup: Backup) => void;
}

/** Each full with what builds on it beneath, held together by a line. */
export function BackupChains({ chains, ...props }: BackupChainsProps) {
  return (
    <Stack gap="md" component="ul" className={classes.chains ?? ''} aria-label="Backups">
      {chains.map((chain) => (
        <Chain key={chain.head.id} chain={chain} {...props} />
      ))}
    </Stack>
  );
}

function Chain({ chain: { head, incrementals }, ...props }: { readonly chain: BackupChain } & Omit<BackupRowProps, 'backup'>) {
  return (
    <Paper withBorder radius="md" component="li" p="sm">
      {head.parentId !== null && head.kind === 'incremental' && (
        <Text size="sm" c="dimmed" px="xs">
          Builds on a backup that is not shown.
        </Text>
      )}
      <BackupRow backup={head} {...props} />
      {incrementals.length > 0 && (
        <ol className={classes.links} aria-label={`Builds on the ${head.kind} of ${utcWords(momentOf(head))}`}>
          {incrementals.map((backup) => (
            <li key={backup.id} className={classes.link}>
              <BackupRow backup={backup} {...props} />
            </li>
          ))}
        </ol>
      )}
    </Paper>
  );
}
