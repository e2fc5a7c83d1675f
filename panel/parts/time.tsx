import { Text, Tooltip } from '@mantine/core';
import { useNow } from './now.ts';
import { localWords, relativeWords, utcWords } from './time-words.ts';

interface TimeProps {
  /** ISO, as the API gives it; null or undefined shows `none`. */
  readonly at: string | null | undefined;
  /** The instant itself, in UTC with the local time beside it, instead of how long ago it is. */
  readonly exact?: boolean;
  readonly none?: string;
}

export function Time({ at, exact = false, none = '–' }: TimeProps) {
  if (at === null || at === undefined) return <>{none}</>;
  return exact ? <ExactTime at={at} /> : <RelativeTime at={at} />;
}

function ExactTime({ at }: { readonly at: string }) {
  return (
    <time dateTime={at}>
      {utcWords(at)}{' '}
      <Text span c="dimmed" size="sm">
        ({localWords(at)})
      </Text>
    </time>
  );
}

function RelativeTime({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <Tooltip label={`${utcWords(at)} (${localWords(at)})`} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at}>{relativeWords(at, now)}</time>
    </Tooltip>
  );
}
