import { ThemeIcon } from '@mantine/core';
import { IconCheck, IconMinus, IconX } from '@tabler/icons-react';

/** How a step of a test went. */
export function StepIcon({ ok }: { readonly ok: boolean | 'skipped' }) {
  if (ok === 'skipped')
    return (
      <ThemeIcon size={22} radius="xl" variant="default">
        <IconMinus size={14} aria-hidden />
      </ThemeIcon>
    );
  return (
    <ThemeIcon size={22} radius="xl" color={ok ? 'green' : 'red'}>
      {ok ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
    </ThemeIcon>
  );
}
