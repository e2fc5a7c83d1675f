import { Button } from '@mantine/core';
import { IconDatabase, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { databaseStatuses, engineNames } from '#domain/states.ts';
import { useDatabases } from '../../client/databases.ts';
import { useMe } from '../../client/me.ts';
import { chosen } from '../../client/pages.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { engineLabels } from '../../parts/engine.tsx';
import { ChoiceFilter, choicesOf, FilterBar, SearchFilter, type Filters, useFilters } from '../../parts/filters.tsx';
import { oneOf } from '../../parts/one-of.ts';
import { Page } from '../../parts/page.tsx';
import { databaseColumns } from './database-columns.tsx';

export function DatabaseList() {
  const me = useMe();
  const filters = useFilters();
  const databases = useDatabases({ ownerId: me.id, ...databaseFilter(filters.get) });
  return (
    <Page title="Databases" actions={<AddDatabase />}>
      <DatabaseFilters filters={filters} />
      <DataTable
        label="Databases"
        pages={databases}
        columns={databaseColumns}
        rowKey={({ id }) => id}
        empty={filters.isAny ? <NoMatch /> : <NoDatabase />}
      />
    </Page>
  );
}

/** What of the address filters the list. */
export function databaseFilter(get: (name: string) => string) {
  return chosen({ search: get('search'), engine: oneOf(engineNames, get('engine')), status: oneOf(databaseStatuses, get('status')) });
}

export function DatabaseFilters({ filters, children }: { readonly filters: Filters; readonly children?: ReactNode }) {
  return (
    <FilterBar>
      <SearchFilter filters={filters} name="search" label="Name or host" />
      <ChoiceFilter
        filters={filters}
        name="engine"
        label="Engine"
        choices={engineNames.map((value) => ({ value, label: engineLabels[value] }))}
      />
      <ChoiceFilter filters={filters} name="status" label="Status" choices={choicesOf(databaseStatuses)} />
      {children}
    </FilterBar>
  );
}

function AddDatabase() {
  return (
    <Button component={Link} to="/databases/new" leftSection={<IconPlus size={18} aria-hidden />}>
      Add Database
    </Button>
  );
}

function NoDatabase() {
  return (
    <EmptyState icon={IconDatabase} title="No database yet" action={<AddDatabase />}>
      Add the first MySQL, MariaDB or PostgreSQL server. Tidemark reaches it over SSH, checks it, and installs no agent. Then attach it to a
      backup policy.
    </EmptyState>
  );
}

function NoMatch() {
  return (
    <EmptyState
      icon={IconDatabase}
      title="No database matches"
      action={
        <Button component={Link} to="?" variant="default">
          Show all
        </Button>
      }
    >
      None of the databases is as the filters say.
    </EmptyState>
  );
}
