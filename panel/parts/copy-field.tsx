import { Button, Group, Textarea } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
}

/** A text to be carried elsewhere. */
export function CopyField({ label, value }: CopyFieldProps) {
  const { copy, copied } = useClipboard();
  return (
    <Group align="end" wrap="nowrap" gap="xs">
      <Textarea
        label={label}
        value={value}
        readOnly
        autosize
        flex={1}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', wordBreak: 'break-all' } }}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button
        variant="default"
        onClick={() => copy(value)}
        leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </Group>
  );
}
