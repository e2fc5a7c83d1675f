import { Button } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import { chosen } from '../../client/pages.ts';
import { type ListedPolicy, usePolicies } from '../../client/policies.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useFilters } from '../../parts/filters.tsx';
import { Owner, OwnerFilter } from '../../parts/owner.tsx';
import { Page } from '../../parts/page.tsx';
import { policyColumns } from '../policies/policy-columns.tsx';
import { policyFilter, PolicyFilters } from '../policies/policy-list.tsx';

/** There is no room for all beside the owner; the policy's page has them. */
const shown = new Set(['Status', 'Stores at', 'Schedule', 'Databases', 'Next run']);

const columns: readonly Column<ListedPolicy>[] = [
  ...policyColumns.filter(({ title }) => title === 'Name'),
  { title: 'Owner', cell: ({ ownerId }) => <Owner id={ownerId} /> },
  ...policyColumns.filter(({ title }) => shown.has(title)),
];

export function AllPolicies() {
  const filters = useFilters();
  const policies = usePolicies({ ...policyFilter(filters.get), ...chosen({ ownerId: filters.get('ownerId') }) });
  return (
    <Page
      title="All policies"
      actions={
        <Button component={Link} to="/policies/new" leftSection={<IconPlus size={18} aria-hidden />}>
          Add Policy
        </Button>
      }
    >
      <PolicyFilters filters={filters}>
        <OwnerFilter filters={filters} />
      </PolicyFilters>
      <DataTable label="All policies" pages={policies} columns={columns} rowKey={({ id }) => id} empty={<NoPolicy />} />
    </Page>
  );
}

function NoPolicy() {
  return (
    <EmptyState icon={IconShieldCheck} title="No policy">
      Nobody has one that is as the filters say.
    </EmptyState>
  );
}
