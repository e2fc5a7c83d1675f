import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { problemErrorOf } from '../client/problem-error.ts';
import { sentence } from './sentence.ts';

interface ProblemAlertProps {
  /** Of a query or mutation; nothing is shown for null. */
  readonly error: unknown;
  readonly title?: string;
  readonly onRetry?: () => void;
}

/** What failed, and what can be done. */
export function ProblemAlert({ error, title, onRetry }: ProblemAlertProps) {
  if (error === null || error === undefined) return null;
  const { detail, hint, status, requestId } = problemErrorOf(error);
  return (
    <FailureAlert {...(title === undefined ? {} : { title })} message={detail} hint={hint}>
      {status >= 500 && requestId !== undefined && (
        <Text size="xs" c="dimmed">
          Request {requestId}
        </Text>
      )}
      {onRetry !== undefined && (
        <Button size="xs" variant="default" onClick={onRetry} w="fit-content">
          Try again
        </Button>
      )}
    </FailureAlert>
  );
}

interface FailureAlertProps {
  readonly title?: string;
  readonly message: string;
  readonly hint?: string;
  readonly children?: React.ReactNode;
}

/** The same for what a task, backup or policy tells of its failure. */
export function FailureAlert({ title, message, hint = '', children }: FailureAlertProps) {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Stack gap={4}>
        <Text size="sm" fw={500} className="breaks">
          {sentence(message)}
        </Text>
        {hint !== '' && <Text size="sm">{hint}</Text>}
        {children}
      </Stack>
    </Alert>
  );
}
