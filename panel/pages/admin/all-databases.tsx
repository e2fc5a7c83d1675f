import { Button } from '@mantine/core';
import { IconDatabase, IconPlus } from '@tabler/icons-react';
import { Link } from 'react-router';
import { type Database, useDatabases } from '../../client/databases.ts';
import { chosen } from '../../client/pages.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ChoiceFilter, useFilters } from '../../parts/filters.tsx';
import { oneOf } from '../../parts/one-of.ts';
import { Owner, OwnerFilter } from '../../parts/owner.tsx';
import { Page } from '../../parts/page.tsx';
import { databaseColumns } from '../databases/database-columns.tsx';
import { databaseFilter, DatabaseFilters } from '../databases/database-list.tsx';

const [nameColumn, ...otherColumns] = databaseColumns;

const columns: readonly Column<Database>[] = [
  ...(nameColumn === undefined ? [] : [nameColumn]),
  { title: 'Owner', cell: ({ ownerId }) => <Owner id={ownerId} /> },
  ...otherColumns,
];

export function AllDatabases() {
  const filters = useFilters();
  const ofAll = chosen({ ownerId: filters.get('ownerId'), isAttached: oneOf(['true', 'false'], filters.get('isAttached')) });
  const databases = useDatabases({ ...databaseFilter(filters.get), ...ofAll });
  return (
    <Page
      title="All databases"
      actions={
        <Button component={Link} to="/databases/new" leftSection={<IconPlus size={18} aria-hidden />}>
          Add Database
        </Button>
      }
    >
      <DatabaseFilters filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="isAttached"
          label="Policy"
          choices={[
            { value: 'true', label: 'Under a policy' },
            { value: 'false', label: 'Under none' },
          ]}
        />
        <OwnerFilter filters={filters} />
      </DatabaseFilters>
      <DataTable label="All databases" pages={databases} columns={columns} rowKey={({ id }) => id} empty={<NoDatabase />} />
    </Page>
  );
}

function NoDatabase() {
  return (
    <EmptyState icon={IconDatabase} title="No database">
      Nobody has one that is as the filters say.
    </EmptyState>
  );
}
