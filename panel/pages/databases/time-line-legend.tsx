import { Group, Text } from '@mantine/core';
import classes from './time-line.module.css';

const swatches = [
  { word: 'can be restored', className: classes.interval },
  { word: 'hole', className: classes.hole },
  { word: 'not archived yet', className: classes.coming },
];

export function Legend() {
  return (
    <Group gap="md">
      {swatches.map(({ word, className }) => (
        <Group key={word} gap={6}>
          <svg width={16} height={12} aria-hidden>
            <rect width={16} height={12} className={className} />
          </svg>
          <Text size="xs">{word}</Text>
        </Group>
      ))}
      <Group gap={6} className={classes.mark ?? ''}>
        <svg width={12} height={12} aria-hidden>
          <circle cx={6} cy={6} r={5} />
        </svg>
        <Text size="xs">full</Text>
        <svg width={8} height={12} aria-hidden>
          <circle cx={4} cy={6} r={3} />
        </svg>
        <Text size="xs">incremental</Text>
      </Group>
      <Text size="xs" c="dimmed">
        Times are UTC.
      </Text>
    </Group>
  );
}
