import { Text } from '@mantine/core';
import type { Policy } from '../../client/policies.ts';
import { usePolicyTasks } from '../../client/tasks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { Section } from '../../parts/section.tsx';
import { taskColumns } from '../activity/task-columns.tsx';

const columns = taskColumns.filter(({ title }) => title !== 'Policy');

export function PolicyActivity({ policy: { id } }: { readonly policy: Policy }) {
  const tasks = usePolicyTasks(id);
  return (
    <Section title="Recent activity">
      <DataTable
        label="Recent activity"
        pages={tasks}
        columns={columns}
        rowKey={(task) => task.id}
        empty={<Text size="sm">Nothing has run yet.</Text>}
      />
    </Section>
  );
}
