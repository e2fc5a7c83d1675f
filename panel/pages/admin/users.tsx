import { Button, Group, Text } from '@mantine/core';
import { IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { type User, useMe } from '../../client/me.ts';
import { useUsers } from '../../client/users.ts';
import { type Column, Rows } from '../../parts/data-table.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { AddUser } from './add-user.tsx';
import { EditUser } from './edit-user.tsx';

export function Users() {
  const me = useMe();
  const users = useUsers();
  const [shown, setShown] = useState<User | 'new'>();
  const close = (): void => setShown(undefined);
  const columns: Column<User>[] = [
    {
      title: 'Name',
      cell: ({ id, name }) => (
        <Group gap="xs">
          <Text inherit fw={600}>
            {name}
          </Text>
          {id === me.id && (
            <Text inherit c="dimmed">
              you
            </Text>
          )}
        </Group>
      ),
    },
    { title: 'E-mail address', cell: ({ email }) => email },
    { title: 'Role', cell: ({ role }) => role },
    {
      title: 'Status',
      cell: ({ disabledAt }) => (disabledAt === null ? <StatusBadge status="active" /> : <StatusBadge status="disabled" />),
    },
    { title: 'Added', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      title: 'Edit',
      cell: (user) => (
        <Button size="compact-sm" variant="default" onClick={() => setShown(user)} aria-label={`Edit ${user.name}`}>
          Edit
        </Button>
      ),
    },
  ];
  return (
    <Page
      title="Users"
      actions={
        <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setShown('new')}>
          Add User
        </Button>
      }
    >
      <ProblemAlert error={users.error} onRetry={() => void users.refetch()} />
      <Rows label="Users" rows={users.data ?? []} columns={columns} rowKey={({ id }) => id} />
      <AddUser opened={shown === 'new'} onClose={close} />
      <EditUser user={typeof shown === 'object' ? shown : undefined} onClose={close} />
    </Page>
  );
}
