import { Button } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { policyStatuses } from '#domain/states.ts';
import { useMe } from '../../client/me.ts';
import { chosen } from '../../client/pages.ts';
import { usePolicies } from '../../client/policies.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ChoiceFilter, choicesOf, FilterBar, SearchFilter, type Filters, useFilters } from '../../parts/filters.tsx';
import { Page } from '../../parts/page.tsx';
import { policyColumns } from './policy-columns.tsx';

export function PolicyList() {
  const me = useMe();
  const filters = useFilters();
  const policies = usePolicies({ ownerId: me.id, ...policyFilter(filters.get) });
  return (
    <Page title="Backup Policies" actions={<AddPolicyLink />}>
      <PolicyFilters filters={filters} />
      <DataTable
        label="Backup policies"
        pages={policies}
        columns={policyColumns}
        rowKey={({ id }) => id}
        empty={filters.isAny ? <NoMatch /> : <NoPolicy />}
      />
    </Page>
  );
}

/** What of the address filters the list. */
export function policyFilter(get: (name: string) => string) {
  return chosen({ search: get('search'), status: policyStatuses.find((status) => status === get('status')) });
}

export function PolicyFilters({ filters, children }: { readonly filters: Filters; readonly children?: ReactNode }) {
  return (
    <FilterBar>
      <SearchFilter filters={filters} name="search" label="Name" />
      <ChoiceFilter filters={filters} name="status" label="Status" choices={choicesOf(policyStatuses)} />
      {children}
    </FilterBar>
  );
}

function AddPolicyLink() {
  return (
    <Button component={Link} to="/policies/new" leftSection={<IconPlus size={18} aria-hidden />}>
      Add Policy
    </Button>
  );
}

function NoPolicy() {
  return (
    <EmptyState icon={IconShieldCheck} title="No backup policy yet" action={<AddPolicyLink />}>
      A policy says where backups are stored, when they run, and how long they are kept. Add one, then attach databases to it: the first
      full backup runs at once.
    </EmptyState>
  );
}

function NoMatch() {
  return (
    <EmptyState
      icon={IconShieldCheck}
      title="No policy matches"
      action={
        <Button component={Link} to="?" variant="default">
          Show all
        </Button>
      }
    >
      None of the policies is as the filters say.
    </EmptyState>
  );
}
