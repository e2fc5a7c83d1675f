import { NavLink, Stack, Text } from '@mantine/core';
import {
  IconActivity,
  IconCalendarTime,
  IconDatabase,
  IconGauge,
  IconListCheck,
  IconMail,
  IconScript,
  IconServer2,
  IconShieldCheck,
  IconUserCircle,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react';
import { NavLink as RouterLink } from 'react-router';
import { useMe } from '../client/me.ts';

interface Destination {
  readonly to: string;
  readonly label: string;
  readonly icon: TablerIcon;
}

const own: readonly Destination[] = [
  { to: '/databases', label: 'Databases', icon: IconDatabase },
  { to: '/policies', label: 'Backup Policies', icon: IconShieldCheck },
  { to: '/activity', label: 'Activity', icon: IconActivity },
  { to: '/account', label: 'Account', icon: IconUserCircle },
];

const everybodys: readonly Destination[] = [
  { to: '/admin/overview', label: 'Overview', icon: IconGauge },
  { to: '/admin/databases', label: 'All databases', icon: IconServer2 },
  { to: '/admin/policies', label: 'All policies', icon: IconCalendarTime },
  { to: '/admin/users', label: 'Users', icon: IconUsers },
  { to: '/admin/tasks', label: 'Tasks', icon: IconListCheck },
  { to: '/admin/notices', label: 'Notices', icon: IconMail },
  { to: '/admin/audit', label: 'Audit log', icon: IconScript },
];

export function Navigation({ onNavigate }: { readonly onNavigate: () => void }) {
  const { role } = useMe();
  return (
    <Stack gap="lg">
      <div>
        <Destinations destinations={own} onNavigate={onNavigate} />
      </div>
      {role === 'admin' && (
        <div>
          <Text size="sm" fw={600} c="dimmed" px="sm" pb={4}>
            Administration
          </Text>
          <Destinations destinations={everybodys} onNavigate={onNavigate} />
        </div>
      )}
    </Stack>
  );
}

function Destinations({ destinations, onNavigate }: { readonly destinations: readonly Destination[]; readonly onNavigate: () => void }) {
  return destinations.map(({ to, label, icon: Icon }) => (
    <RouterLink key={to} to={to} onClick={onNavigate} style={{ textDecoration: 'none', color: 'inherit' }}>
      {({ isActive }) => (
        <NavLink
          component="span"
          style={{ borderRadius: 'var(--mantine-radius-md)' }}
          active={isActive}
          variant="filled"
          label={label}
          leftSection={<Icon size={20} aria-hidden />}
        />
      )}
    </RouterLink>
  ));
}
