import { Anchor, Skeleton, Stack } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useParams } from 'react-router';
import { useWorkflowAddress } from '../../client/installation.ts';
import { type Task, useTask } from '../../client/tasks.ts';
import { Facts } from '../../parts/facts.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { TaskProgress } from '../../parts/task-progress.tsx';
import { taskWords } from '../../parts/task-words.ts';
import { Time } from '../../parts/time.tsx';
import { DatabaseLink, PolicyLink } from './task-columns.tsx';
import { Took } from './took.tsx';

export function TaskPage() {
  const { id = '' } = useParams();
  const task = useTask(id);
  if (task.data === undefined)
    return (
      <Page title="Task">
        {task.isPending ? <Skeleton height={200} aria-busy /> : <ProblemAlert error={task.error} onRetry={() => void task.refetch()} />}
      </Page>
    );
  return (
    <Page title={titleOf(task.data)} summary={<StatusBadge status={task.data.status} />}>
      <Stack maw={900}>
        <Section title="Progress">
          <TaskProgress task={task.data} />
        </Section>
        <Section title="Details">
          <Details task={task.data} />
        </Section>
      </Stack>
    </Page>
  );
}

function titleOf({ kind, databaseName, policyName }: Task): string {
  const about = databaseName ?? policyName;
  return about === null ? taskWords[kind] : `${taskWords[kind]}: ${about}`;
}

function Details({ task }: { readonly task: Task }) {
  return (
    <Facts
      facts={[
        { name: 'Database', value: <DatabaseLink task={task} /> },
        { name: 'Policy', value: <PolicyLink task={task} /> },
        { name: 'Asked for', value: <Time at={task.createdAt} exact /> },
        { name: 'Began', value: <Time at={task.startedAt} exact none="not yet" /> },
        { name: 'Ended', value: <Time at={task.endedAt} exact none="not yet" /> },
        { name: 'Took', value: <Took task={task} /> },
        { name: 'Workflow', value: <Workflow task={task} /> },
      ]}
    />
  );
}

/** Operators find there what each step did. */
export function Workflow({ task }: { readonly task: Task }) {
  const address = useWorkflowAddress()(task);
  if (address === undefined) return task.workflowId ?? '–';
  return (
    <Anchor href={address} target="_blank" rel="noreferrer">
      {task.workflowId} <IconExternalLink size={14} role="img" aria-label="in the Temporal Web UI" />
    </Anchor>
  );
}
