import { Badge, Loader } from '@mantine/core';
import { useIsLive } from '../client/live.ts';

/** Shown while changes are not told; what is shown is then at most 5 s old. */
export function Reconnecting() {
  const isLive = useIsLive();
  return (
    <output aria-live="polite">
      {!isLive && (
        <Badge variant="default" tt="none" fw={500} leftSection={<Loader size={10} />}>
          reconnecting…
        </Badge>
      )}
    </output>
  );
}
