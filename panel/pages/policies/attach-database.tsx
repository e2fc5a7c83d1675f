import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconLink } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAttach } from '../../client/attachments.ts';
import { type Database, useDatabases } from '../../client/databases.ts';
import type { Policy } from '../../client/policies.ts';
import type { Task } from '../../client/tasks.ts';
import { engineLabels } from '../../parts/engine.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';

interface AttachDatabaseProps {
  readonly policy: Policy;
  readonly tasks: readonly Task[];
}

const TYPING_MS = 300;

export function AttachDatabase({ policy, tasks }: AttachDatabaseProps) {
  const [chosen, setChosen] = useState<Database | null>(null);
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(chosen !== null && search.startsWith(chosen.name) ? '' : search.trim(), TYPING_MS);
  const databases = useDatabases({ ownerId: policy.ownerId, ...(asked === '' ? {} : { search: asked }) });
  const attach = useAttach(policy.id);
  const isListed = chosen === null || databases.rows.some(({ id }) => id === chosen.id);
  const rows = isListed ? databases.rows : [chosen, ...databases.rows];
  const choose = (id: string | null): void => {
    setChosen(rows.find((database) => database.id === id) ?? null);
    attach.reset();
  };
  const begin = (databaseId: string): void =>
    attach.mutate(databaseId, {
      onSuccess() {
        setChosen(null);
        setSearch('');
      },
    });
  if (!databases.isPending && databases.rows.length === 0 && asked === '') return <NoDatabase />;
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <Select
          label="Database to attach"
          placeholder="Choose or search"
          searchable
          clearable
          flex="1 1 16rem"
          maw={480}
          data={choicesOf(rows, policy, tasks)}
          filter={({ options }) => options}
          value={chosen?.id ?? null}
          onChange={choose}
          searchValue={search}
          onSearchChange={setSearch}
          withScrollArea={false}
          styles={{ options: { maxHeight: 280, overflowY: 'auto' }, option: { opacity: 1 } }}
          renderOption={({ option }) => <Choice {...option} />}
          nothingFoundMessage="No database has this name"
          clearButtonProps={{ 'aria-label': 'Choose none' }}
        />
        <Button
          leftSection={<IconLink size={18} aria-hidden />}
          disabled={chosen === null}
          loading={attach.isPending}
          onClick={() => chosen !== null && begin(chosen.id)}
        >
          Attach
        </Button>
      </Group>
      <ProblemAlert error={databases.error ?? attach.error} />
    </Stack>
  );
}

/** Why one cannot be chosen must be readable. */
function Choice({ label, disabled = false }: { readonly label: string; readonly disabled?: boolean }) {
  return (
    <Text size="sm" className="breaks" {...(disabled ? { c: 'dimmed' } : {})}>
      {label}
    </Text>
  );
}

function NoDatabase() {
  return (
    <Group gap="sm">
      <Text size="sm">There is no database yet that could be attached.</Text>
      <Button component={Link} to="/databases/new" variant="default" size="xs">
        Add Database
      </Button>
    </Group>
  );
}

function choicesOf(databases: readonly Database[], policy: Policy, tasks: readonly Task[]) {
  const attaching = new Set(tasks.filter(({ kind, endedAt }) => kind === 'attach' && endedAt === null).map(({ databaseId }) => databaseId));
  const judged = databases.map((database) => {
    const reason = attaching.has(database.id) ? 'is being attached' : obstacleOf(database, policy);
    const label = `${database.name} (${engineLabels[database.engine]}, ${database.host})`;
    return reason === undefined
      ? { value: database.id, label, disabled: false }
      : { value: database.id, label: `${label}: ${reason}`, disabled: true };
  });
  const groups = [
    { group: 'Can be attached', items: judged.filter(({ disabled }) => !disabled) },
    { group: 'Cannot be attached', items: judged.filter(({ disabled }) => disabled) },
  ];
  return groups.filter(({ items }) => items.length > 0);
}

/** Why a database cannot be attached; undefined when it can. As api/attachments.ts judges. */
function obstacleOf({ role, attachment, status, statusMessage }: Database, policy: Policy): string | undefined {
  if (role === 'replica') return 'is a replica; attach its primary';
  if (attachment?.policyId === policy.id) return 'is attached already';
  if (attachment !== null) return `is attached to ${attachment.policyName}`;
  if (status === 'checking') return 'is still being checked';
  if (status === 'error') return statusMessage === null ? 'cannot be reached' : `is in status Error (${statusMessage})`;
  return undefined;
}
