import { Button, Group, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { localWords, utcWords } from '../../parts/time-words.ts';
import { isoSecond } from './window-times.ts';

interface TargetPickerProps {
  /** A second, ISO. */
  readonly target: string | null;
  readonly onChoose: (target: string) => void;
}

const TYPING_MS = 500;

const steps = [
  { label: '−1 min', name: '−1 min, earlier', ms: -60_000 },
  { label: '−1 s', name: '−1 s, earlier', ms: -1000 },
  { label: '+1 s', name: '+1 s, later', ms: 1000 },
  { label: '+1 min', name: '+1 min, later', ms: 60_000 },
] as const;

/** A second in UTC, by the browser's own picker or by typing. */
export function TargetPicker({ target, onChoose }: TargetPickerProps) {
  const [typed, setTyped] = useState<string>();
  const settle = useDebouncedCallback((value: string) => {
    const at = Date.parse(`${value}Z`);
    if (Number.isNaN(at)) return;
    setTyped(undefined);
    onChoose(isoSecond(at));
  }, TYPING_MS);
  const at = target === null ? Number.NaN : Date.parse(target);
  const isChosen = !Number.isNaN(at);
  return (
    <Group align="end" gap="sm">
      <TextInput
        type="datetime-local"
        step={1}
        label="Restore to (UTC)"
        value={typed ?? (isChosen ? isoSecond(at).slice(0, 19) : '')}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value);
          settle(value);
        }}
        w={260}
      />
      <Group gap={4}>
        {steps.map(({ label, name, ms }) => (
          <Button
            key={name}
            variant="default"
            size="sm"
            px="xs"
            aria-label={name}
            disabled={!isChosen}
            onClick={() => onChoose(isoSecond(at + ms))}
          >
            {label}
          </Button>
        ))}
      </Group>
      <Text size="sm" role="status" pb={8}>
        {isChosen ? `${utcWords(at)} is ${localWords(at)}` : 'No time is chosen yet.'}
      </Text>
    </Group>
  );
}
