import { Anchor, Group, Paper, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'react-router';

interface FigureProps {
  readonly label: string;
  readonly value: number | string;
  readonly of: string;
  /** Where more is told. */
  readonly to?: string;
  /** Anything but 0 needs somebody. */
  readonly isTrouble?: boolean;
}

export function Figure({ label, value, of, to, isTrouble = false }: FigureProps) {
  const needsSomebody = isTrouble && value !== 0;
  return (
    <Paper withBorder p="md" radius="md">
      <Text size="sm" c="dimmed">
        {to === undefined ? (
          label
        ) : (
          <Anchor component={Link} to={to}>
            {label}
          </Anchor>
        )}
      </Text>
      <Group gap={6} wrap="nowrap">
        <Text size="xl" fw={700}>
          {value}
        </Text>
        {needsSomebody && <IconAlertTriangle size={20} color="var(--mantine-color-error)" role="img" aria-label="needs somebody" />}
      </Group>
      <Text size="sm" c="dimmed">
        {of}
      </Text>
    </Paper>
  );
}
