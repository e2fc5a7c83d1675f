import { Button } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { taskKinds, taskStatuses } from '#domain/states.ts';
import { useMe } from '../../client/me.ts';
import { useTasks } from '../../client/tasks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ChoiceFilter, choicesOf, FilterBar, type Filters, useFilters } from '../../parts/filters.tsx';
import { Page } from '../../parts/page.tsx';
import { taskWords } from '../../parts/task-words.ts';
import { taskColumns } from './task-columns.tsx';
import { taskFilter } from './task-filter.ts';

export function Activity() {
  const { id } = useMe();
  const filters = useFilters();
  const tasks = useTasks({ ownerId: id, ...taskFilter(filters.get) });
  return (
    <Page title="Activity" summary="Everything that Tidemark does with your databases, newest first.">
      <TaskFilters filters={filters} />
      <DataTable
        label="Tasks"
        pages={tasks}
        columns={taskColumns}
        rowKey={(task) => task.id}
        empty={<NoTask isFiltered={filters.isAny} />}
      />
    </Page>
  );
}

export function TaskFilters({ filters, children }: { readonly filters: Filters; readonly children?: ReactNode }) {
  return (
    <FilterBar>
      <ChoiceFilter
        filters={filters}
        name="kind"
        label="What"
        choices={taskKinds.map((kind) => ({ value: kind, label: taskWords[kind] }))}
      />
      <ChoiceFilter filters={filters} name="status" label="Status" choices={choicesOf(taskStatuses)} />
      {children}
    </FilterBar>
  );
}

export function NoTask({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <EmptyState
        icon={IconActivity}
        title="No task matches"
        action={
          <Button component={Link} to="?" variant="default">
            Show all
          </Button>
        }
      >
        None of the tasks is as the filters say.
      </EmptyState>
    );
  return (
    <EmptyState
      icon={IconActivity}
      title="Nothing has run yet"
      action={
        <Button component={Link} to="/databases">
          To the databases
        </Button>
      }
    >
      Checks, backups and restores are listed here as soon as there are some. It begins with a database.
    </EmptyState>
  );
}
