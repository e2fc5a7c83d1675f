import { Button, Paper, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHistory } from '@tabler/icons-react';
import { useNavigate } from 'react-router';
import { isUnfinished, useTasks } from '../../client/tasks.ts';
import type { Database } from '../../client/databases.ts';
import { type RestoreGoal, useCreateRestore } from '../../client/restores.ts';
import { ConfirmByName } from '../../parts/confirm-by-name.tsx';
import { SafetyBackup } from './safety-backup.tsx';
import { taskWords } from '../../parts/task-words.ts';

interface StartRestoreProps {
  readonly database: Database;
  readonly goal: RestoreGoal;
  readonly words: string;
}

export function StartRestore({ database, goal, words }: StartRestoreProps) {
  const { id, name } = database;
  const [opened, { open, close }] = useDisclosure();
  const restore = useCreateRestore(id);
  const navigate = useNavigate();
  const running = useTasks({ databaseId: id }).rows.find((task) => isUnfinished(task) && task.kind !== 'check');
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label="Restore">
      <Stack align="flex-start">
        <SafetyBackup database={database} />
        <Title order={2} size="h4">
          Restore
        </Title>
        <Text size="sm">
          The new data is built beside the old while {name} goes on serving; then the server is stopped for as long as it takes to exchange
          the two. It ends with the restored data or with the old data, never with neither.
        </Text>
        {running !== undefined && (
          <Text size="sm" fw={500} role="status">
            {taskWords[running.kind]} is {running.status}: a restore can begin when it has ended.
          </Text>
        )}
        <Button color="red" leftSection={<IconHistory size={18} aria-hidden />} onClick={open} disabled={running !== undefined}>
          Restore {name}…
        </Button>
      </Stack>
      <ConfirmByName
        opened={opened}
        onClose={() => {
          restore.reset();
          close();
        }}
        title={`Restore ${name}?`}
        name={name}
        action="Restore"
        isPending={restore.isPending}
        error={restore.error}
        onConfirm={() =>
          restore.mutate(
            { ...goal, confirmName: name },
            { onSuccess: (created) => void navigate(`/databases/${id}/restores/${created.restore.id}`) },
          )
        }
      >
        <Text size="sm">
          All data of {name} is replaced by what {'target' in goal ? 'it held at ' : ''}
          <Text span fw={600}>
            {words}
          </Text>
          {'target' in goal ? '' : ' holds'}. What was written since then is gone from the server afterwards.
        </Text>
      </ConfirmByName>
    </Paper>
  );
}
