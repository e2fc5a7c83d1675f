import { Button, Group, Stack, Text } from '@mantine/core';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { useDeletePolicy, useUndeletePolicy } from '../../client/policies.ts';
import { type Task, usePolicyTasks } from '../../client/tasks.ts';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { TaskProgress } from '../../parts/task-progress.tsx';

/** Where a policy's deletion is seen to its end, or taken back. */
export function DeletedPolicy() {
  const { id = '' } = useParams();
  const [query] = useSearchParams();
  const name = query.get('name') ?? 'The policy';
  const isKept = query.get('backups') !== 'delete';
  return (
    <Page title={`${name} was deleted`}>
      <Stack maw={720}>
        {isKept ? <KeptBackups id={id} /> : <DoomedBackups id={id} name={name} />}
        <Button component={Link} to="/policies" variant="default" w="fit-content">
          To the backup policies
        </Button>
      </Stack>
    </Page>
  );
}

function KeptBackups({ id }: { readonly id: string }) {
  const undelete = useUndeletePolicy(id);
  const navigate = useNavigate();
  return (
    <>
      <Text>
        Its backups are still in the bucket. To restore one, take the deletion back and attach the database again. The address of this page
        is the way back: keep it if you may want that later.
      </Text>
      <Button
        onClick={() => undelete.mutate(undefined, { onSuccess: () => void navigate(`/policies/${id}`) })}
        loading={undelete.isPending}
        w="fit-content"
      >
        Take the deletion back
      </Button>
      <ProblemAlert error={undelete.error} />
    </>
  );
}

function DoomedBackups({ id, name }: { readonly id: string; readonly name: string }) {
  const tasks = usePolicyTasks(id);
  const again = useDeletePolicy(id);
  const task = tasks.rows.find(({ kind }) => kind === 'delete');
  return (
    <>
      <Text>{doomWords(task)}</Text>
      <ProblemAlert error={tasks.error} />
      {task !== undefined && <TaskProgress task={task} />}
      {task?.status === 'failed' && (
        <Group>
          <Button onClick={() => again.mutate({ confirmName: name, backups: 'delete' })} loading={again.isPending}>
            Delete what is left
          </Button>
        </Group>
      )}
      <ProblemAlert error={again.error} />
    </>
  );
}

function doomWords(task: Task | undefined): string {
  if (task?.status === 'completed') return 'Its backups have been removed from the bucket.';
  if (task?.status === 'failed')
    return 'Its backups could not all be removed from the bucket: what is left stays there until it is deleted.';
  return 'Its backups are being removed from the bucket.';
}
