import { Button, Group, Tabs } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { Link, Outlet, useLocation, useNavigate, useParams } from 'react-router';
import { type Database, useDatabase } from '../../client/databases.ts';
import { useTasks } from '../../client/tasks.ts';
import { Engine } from '../../parts/engine.tsx';
import { Page } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { Loading } from './loading.tsx';
import { ManualBackup } from './manual-backup.tsx';
import { RunningTasks } from './running-tasks.tsx';

const tabs = [
  { tab: 'overview', path: '', label: 'Overview' },
  { tab: 'backups', path: '/backups', label: 'Backups' },
  { tab: 'restore', path: '/restore', label: 'Restore PITR' },
  { tab: 'settings', path: '/settings', label: 'Settings' },
] as const;

/** What stands around the tabs of one database. */
export function DatabasePage() {
  const { id = '' } = useParams();
  const { data: database, error, refetch } = useDatabase(id);
  if (database === undefined)
    return (
      <Page title="Database">
        {error === null ? <Loading /> : <ProblemAlert error={error} {...(error.status === 404 ? {} : { onRetry: () => void refetch() })} />}
      </Page>
    );
  // one that is shown after another begins anew
  return <Shown key={id} database={database} />;
}

function Shown({ database }: { readonly database: Database }) {
  const { id, name, engine, version, host, port, role } = database;
  const tasks = useTasks({ databaseId: id }).rows;
  const navigate = useNavigate();
  const [, , , segment = ''] = useLocation().pathname.split('/');
  const shown = tabs.find(({ path }) => path === `/${segment}`)?.tab ?? (segment === 'restores' ? 'restore' : 'overview');
  const offered = role === 'primary' ? tabs : tabs.filter(({ tab }) => tab === 'overview' || tab === 'settings');
  const go = (to: string | null): void => void navigate(`/databases/${id}${tabs.find(({ tab }) => tab === to)?.path ?? ''}`);
  return (
    <Page
      title={name}
      summary={
        <>
          <Engine name={engine} version={version} /> on {host}:{port}
          {role === 'replica' && ', replica'}
        </>
      }
      actions={role === 'primary' && <Actions database={database} />}
    >
      {segment !== 'restores' && <RunningTasks tasks={tasks} />}
      <Tabs value={shown} onChange={go}>
        <Tabs.List aria-label={`About ${name}`}>
          {offered.map(({ tab, label }) => (
            <Tabs.Tab key={tab} value={tab} px="xs">
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={shown} pt="lg">
          <Outlet context={database} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Actions({ database }: { readonly database: Database }) {
  return (
    <Group gap="xs">
      {database.attachment !== null && <ManualBackup database={database} />}
      <Button
        component={Link}
        to={`/databases/${database.id}/restore`}
        variant="default"
        leftSection={<IconHistory size={18} aria-hidden />}
      >
        Restore…
      </Button>
    </Group>
  );
}
