import { type Task, useTasks } from '../../client/tasks.ts';
import { chosen } from '../../client/pages.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { useFilters } from '../../parts/filters.tsx';
import { Owner, OwnerFilter } from '../../parts/owner.tsx';
import { Page } from '../../parts/page.tsx';
import { NoTask, TaskFilters } from '../activity/activity.tsx';
import { taskColumns } from '../activity/task-columns.tsx';
import { taskFilter } from '../activity/task-filter.ts';
import { Workflow } from '../activity/task-page.tsx';

const columns: readonly Column<Task>[] = [
  ...taskColumns,
  { title: 'Owner', cell: ({ ownerId }) => <Owner id={ownerId} /> },
  { title: 'Workflow', cell: (task) => <Workflow task={task} /> },
];

export function AllTasks() {
  const filters = useFilters();
  const tasks = useTasks({ ...taskFilter(filters.get), ...chosen({ ownerId: filters.get('ownerId') }) });
  return (
    <Page title="Tasks" summary="Everything that Tidemark does, for everybody, newest first.">
      <TaskFilters filters={filters}>
        <OwnerFilter filters={filters} />
      </TaskFilters>
      <DataTable label="Tasks" pages={tasks} columns={columns} rowKey={({ id }) => id} empty={<NoTask isFiltered={filters.isAny} />} />
    </Page>
  );
}
