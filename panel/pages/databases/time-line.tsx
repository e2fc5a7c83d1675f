import { Box, Group, Paper, SegmentedControl, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useSearchParams } from 'react-router';
import type { Backup } from '../../client/backups.ts';
import type { RecoveryWindow } from '../../client/restores.ts';
import { useNow } from '../../parts/now.ts';
import { utcWords } from '../../parts/time-words.ts';
import { momentOf } from './backup-chains.ts';
import { Legend } from './time-line-legend.tsx';
import classes from './time-line.module.css';
import { isRange, type Range, ranges, type Span, spanOf, ticksOf, usualRange } from './time-scale.ts';
import { secondOf } from './window-times.ts';

interface TimeLineProps {
  readonly window: RecoveryWindow;
  readonly backups: readonly Backup[];
  /** Milliseconds since the epoch. */
  readonly target: number | undefined;
  readonly onChoose: (at: number) => void;
}

/** The recovery window as a picture; a click chooses a second. What it says stands beneath it in words as well. */
export function TimeLine({ window, backups, target, onChoose }: TimeLineProps) {
  const now = useNow();
  const [query, setQuery] = useSearchParams();
  const oldest = Math.min(...[...window.intervals.map(({ from }) => from), ...backups.map(momentOf)].map(Date.parse));
  const asked = query.get('range') ?? '';
  const range = isRange(asked) ? asked : usualRange(Number.isFinite(oldest) ? oldest : undefined, now);
  const span = spanOf(range, Number.isFinite(oldest) ? oldest : undefined, now);
  const setRange = (value: Range): void =>
    setQuery(
      (before) => {
        const after = new URLSearchParams(before);
        after.set('range', value);
        return after;
      },
      { replace: true, preventScrollReset: true },
    );
  return (
    <Paper withBorder radius="md" p="sm">
      <Group justify="space-between" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label="Shown range"
          value={range}
          onChange={setRange}
          data={(Object.keys(ranges) as Range[]).map((value) => ({ value, label: ranges[value].label }))}
        />
        {target !== undefined && (target < span.from || target > span.to) && (
          <Text size="sm" c="dimmed">
            The chosen time lies outside of what is drawn.
          </Text>
        )}
      </Group>
      <Picture window={window} backups={backups} target={target} onChoose={onChoose} span={span} />
      <Legend />
    </Paper>
  );
}

const height = 118;
const band = { top: 40, height: 36 };

function Picture({ window, backups, target, onChoose, span }: TimeLineProps & { readonly span: Span }) {
  const { ref, width } = useElementSize();
  const xOf = (at: number): number => ((at - span.from) / (span.to - span.from)) * width;
  const choose = (at: number): void => onChoose(secondOf(Math.min(at, Date.now())));
  const click = ({ currentTarget, clientX }: React.MouseEvent<SVGSVGElement>): void =>
    choose(span.from + ((clientX - currentTarget.getBoundingClientRect().left) / width) * (span.to - span.from));
  const press = (event: React.KeyboardEvent): void => {
    const step = keySteps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose((target ?? span.to) + step);
  };
  const draw = { xOf, width };
  return (
    <Box ref={ref} h={height}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          className={classes.picture}
          onClick={click}
          onKeyDown={press}
          tabIndex={0}
          role="slider"
          aria-label="Recovery window"
          aria-valuemin={Math.round(span.from)}
          aria-valuemax={span.to}
          aria-valuenow={target ?? span.to}
          aria-valuetext={target === undefined ? 'no time is chosen yet' : utcWords(target)}
        >
          <rect x={0} y={band.top} width={width} height={band.height} className={classes.outside} rx={4} />
          <Window window={window} {...draw} />
          <Axis span={span} {...draw} />
          {backups.map((backup) => (
            <BackupMark key={backup.id} backup={backup} {...draw} />
          ))}
          {target !== undefined && <Target target={target} {...draw} />}
        </svg>
      )}
    </Box>
  );
}

/** In milliseconds, of the keys that move a slider. */
const keySteps: Readonly<Record<string, number>> = {
  ArrowLeft: -1000,
  ArrowDown: -1000,
  ArrowRight: 1000,
  ArrowUp: 1000,
  PageDown: -60_000,
  PageUp: 60_000,
};

interface Drawing {
  readonly xOf: (at: number) => number;
  readonly width: number;
}

function Window({ window: { intervals, holes }, xOf, width }: Pick<TimeLineProps, 'window'> & Drawing) {
  const end = intervals.at(-1);
  const place = (from: string, to: string) => ({ left: xOf(Date.parse(from)), right: xOf(Date.parse(to)), width });
  return (
    <>
      {intervals.map(({ from, to }) => (
        <Stretch
          key={from}
          {...place(from, to)}
          className={classes.interval}
          words={`Can be restored: from ${utcWords(from)} to ${utcWords(to)}`}
        />
      ))}
      {holes.map(({ from, to, reason }) => (
        <Stretch
          key={from}
          {...place(from, to)}
          className={classes.hole}
          words={`Hole from ${utcWords(from)} to ${utcWords(to)}: ${reason}`}
        />
      ))}
      {end !== undefined && (
        <Stretch
          {...place(end.to, end.to)}
          right={width}
          className={classes.coming}
          words="Not archived yet: its logs are archived before the restore begins"
        />
      )}
    </>
  );
}

interface StretchProps {
  readonly left: number;
  readonly right: number;
  readonly width: number;
  readonly className: string | undefined;
  /** Shown on hover. */
  readonly words: string;
}

function Stretch({ left, right, width, className, words }: StretchProps) {
  const [from, to] = [Math.max(0, left), Math.min(width, right)];
  if (to <= from) return null;
  return (
    <rect x={from} y={band.top} width={Math.max(to - from, 2)} height={band.height} className={className}>
      <title>{words}</title>
    </rect>
  );
}

const pixelsPerTick = 70;

function Axis({ span, xOf, width }: { readonly span: Span } & Drawing) {
  return ticksOf(span, Math.max(2, Math.floor(width / pixelsPerTick))).map(({ at, label }) => (
    <g key={at}>
      <line x1={xOf(at)} x2={xOf(at)} y1={band.top + band.height} y2={band.top + band.height + 6} className={classes.axis} />
      <text x={Math.min(Math.max(xOf(at), 16), width - 16)} y={band.top + band.height + 20} textAnchor="middle" className={classes.label}>
        {label}
      </text>
    </g>
  ));
}

function BackupMark({ backup, xOf, width }: { readonly backup: Backup } & Drawing) {
  const x = xOf(Date.parse(momentOf(backup)));
  if (x < 0 || x > width) return null;
  const isFull = backup.kind === 'full';
  return (
    <g className={classes.mark}>
      <title>
        {isFull ? 'Full' : 'Incremental'} backup of {utcWords(momentOf(backup))}
      </title>
      <line x1={x} x2={x} y1={isFull ? band.top - 12 : band.top + 12} y2={band.top + band.height} />
      {isFull ? <circle cx={x} cy={band.top - 14} r={5} /> : <circle cx={x} cy={band.top + 12} r={3} />}
    </g>
  );
}

function Target({ target, xOf, width }: { readonly target: number } & Drawing) {
  const x = xOf(target);
  if (x < 0 || x > width) return null;
  const anchor = x < 80 ? 'start' : x > width - 80 ? 'end' : 'middle';
  return (
    <g className={classes.target}>
      <line x1={x} x2={x} y1={16} y2={band.top + band.height + 6} />
      <text x={x} y={12} textAnchor={anchor}>
        {utcWords(target)}
      </text>
    </g>
  );
}
