import { Text, Tooltip } from '@mantine/core';
import type { Overview } from '../../client/overview.ts';
import { bytesWords } from '../../parts/bytes.tsx';
import classes from './stored-chart.module.css';

type Day = Overview['stored']['days'][number];

/** A bar for each day: what was written, the darker part of it still kept. */
export function StoredChart({ days }: { readonly days: readonly Day[] }) {
  const most = Math.max(...days.map(({ writtenBytes }) => writtenBytes), 1);
  const [written, kept] = [sum(days, 'writtenBytes'), sum(days, 'keptBytes')];
  return (
    <figure className={classes.figure}>
      <div className={classes.bars} aria-hidden>
        {days.map((day) => (
          <Tooltip key={day.day} label={wordsOf(day)}>
            <div className={classes.day}>
              <div className={classes.written} style={{ height: `${(day.writtenBytes / most) * 100}%` }}>
                <div
                  className={classes.kept}
                  style={{ height: day.writtenBytes === 0 ? 0 : `${(day.keptBytes / day.writtenBytes) * 100}%` }}
                />
              </div>
            </div>
          </Tooltip>
        ))}
      </div>
      <div className={classes.axis} aria-hidden>
        <Text size="xs" c="dimmed">
          {days.at(0)?.day}
        </Text>
        <Text size="xs" c="dimmed">
          {days.at(-1)?.day}
        </Text>
      </div>
      <Text component="figcaption" size="sm" mt="xs">
        {bytesWords(written)} written, {bytesWords(kept)} of it kept; the most on one day was {bytesWords(most === 1 ? 0 : most)}.
      </Text>
    </figure>
  );
}

function sum(days: readonly Day[], of: 'writtenBytes' | 'keptBytes'): number {
  return days.reduce((total, day) => total + day[of], 0);
}

function wordsOf({ day, backups, writtenBytes, keptBytes }: Day): string {
  if (backups === 0) return `${day}: no backup`;
  return `${day}: ${backups} ${backups === 1 ? 'backup' : 'backups'}, ${bytesWords(writtenBytes)} written, ${bytesWords(keptBytes)} kept`;
}
