/** So often is asked again for what changes as time goes by, of which no change is told: whether a backup is overdue. */
export const AGEING_MS = 60_000;
