import { Anchor, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Overview } from '../../client/overview.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { Owner } from '../../parts/owner.tsx';
import { Section } from '../../parts/section.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';

interface Trouble {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
}

/** What needs somebody, a list for each kind of trouble that there is. */
export function Troubles({ overview }: { readonly overview: Overview }) {
  const { overdue, failing, unreachable, pitrInTrouble, unprotected } = overview;
  return (
    <>
      <TroubleList
        title="Overdue"
        description="A backup that the schedule promised is missing."
        area="databases"
        troubles={overdue}
        detail={['Since', ({ since }) => <Time at={since} />]}
      />
      <TroubleList
        title="Failing policies"
        description="The last backup failed, the policy is paused, or its store cannot be used."
        area="policies"
        troubles={failing}
        detail={['Status', (policy) => <PolicyTrouble policy={policy} />]}
      />
      <TroubleList
        title="Log archiving in trouble"
        description="No point-in-time recovery up to now."
        area="databases"
        troubles={pitrInTrouble}
        detail={['Why', ({ message }) => message ?? '–']}
      />
      <TroubleList
        title="Cannot be reached"
        description="The last check failed."
        area="databases"
        troubles={unreachable}
        detail={['Why', ({ message }) => message ?? '–']}
      />
      <TroubleList
        title="Unprotected"
        description="Attached to no policy: nothing backs them up."
        area="databases"
        troubles={unprotected}
      />
    </>
  );
}

interface TroubleListProps<T extends Trouble> {
  readonly title: string;
  readonly description: string;
  readonly area: 'databases' | 'policies';
  readonly troubles: { readonly total: number; readonly items: readonly T[] };
  readonly detail?: readonly [title: string, cell: (trouble: T) => ReactNode];
}

function TroubleList<T extends Trouble>({ title, description, area, troubles, detail }: TroubleListProps<T>) {
  if (troubles.total === 0) return null;
  const columns: Column<T>[] = [
    {
      title: 'Name',
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/${area}/${id}`} fw={600}>
          {name}
        </Anchor>
      ),
    },
    { title: 'Owner', cell: ({ ownerId }) => <Owner id={ownerId} /> },
    ...(detail === undefined ? [] : [{ title: detail[0], cell: detail[1] }]),
  ];
  const more = troubles.total - troubles.items.length;
  return (
    <Section title={`${title}: ${troubles.total}`} description={description}>
      <Rows label={title} rows={troubles.items} columns={columns} rowKey={({ id }) => id} />
      {more > 0 && <Text c="dimmed">and {more} more</Text>}
    </Section>
  );
}

function PolicyTrouble({ policy }: { readonly policy: Overview['failing']['items'][number] }) {
  const { status, consecutiveFailures, lastError } = policy;
  return (
    <>
      <StatusBadge status={status} /> {consecutiveFailures} {consecutiveFailures === 1 ? 'failure' : 'failures'} in a row
      {lastError !== null && (
        <Text size="sm" c="dimmed" className="breaks">
          {lastError}
        </Text>
      )}
    </>
  );
}
