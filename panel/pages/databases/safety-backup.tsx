import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconCheck, IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useManualBackup } from '../../client/backups.ts';
import { isUnfinished, useTask } from '../../client/tasks.ts';
import type { Database } from '../../client/databases.ts';
import { FailureAlert, ProblemAlert } from '../../parts/problem-alert.tsx';

/** The advice to keep what the database holds now, with the button that does it. */
export function SafetyBackup({ database }: { readonly database: Database }) {
  const [taskId, setTaskId] = useState<string>();
  const backUp = useManualBackup(database.id);
  const { data: task } = useTask(taskId);
  if (task?.status === 'completed')
    return (
      <Alert color="green" icon={<IconCheck aria-hidden />} title="The backup has been taken" w="100%" role="status">
        What {database.name} holds now can be brought back. You can go on.
      </Alert>
    );
  const isRunning = taskId !== undefined && (task === undefined || isUnfinished(task));
  return (
    <Alert icon={<IconShieldCheck aria-hidden />} title="First keep what it holds now" w="100%">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          Take a manual backup before you restore: then you can come back to now, should the chosen time be a wrong one.
        </Text>
        {task?.error != null && <FailureAlert title="The backup failed" message={task.error.message} hint={task.error.hint} />}
        <ProblemAlert error={backUp.error} />
        <Button
          size="xs"
          variant="default"
          loading={backUp.isPending}
          disabled={isRunning}
          onClick={() => backUp.mutate('full', { onSuccess: ({ id }) => setTaskId(id) })}
        >
          {isRunning ? 'The backup is running…' : 'Take a manual backup first'}
        </Button>
      </Stack>
    </Alert>
  );
}
