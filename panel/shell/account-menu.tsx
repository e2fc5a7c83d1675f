import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconLogout, IconUser, IconUserCircle } from '@tabler/icons-react';
import { Link, useNavigate } from 'react-router';
import { useMe, useSignOut } from '../client/me.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';

export function AccountMenu() {
  const { name, email } = useMe();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const leave = (): void =>
    signOut.mutate(undefined, {
      onSuccess: () => void navigate('/sign-in'),
      onError(error) {
        // the sign-in page comes by itself
        if (error.code === 'not-signed-in') return;
        notifications.show({
          color: 'red',
          title: 'You are still signed in',
          message: <ProblemNotice error={error} />,
          autoClose: false,
          closeButtonProps: { 'aria-label': 'Close' },
        });
      },
    });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`Signed in as ${email}`}>
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}, {email}
        </Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUserCircle size={16} aria-hidden />}>
          Account
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
