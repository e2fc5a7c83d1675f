import type { RouteObject } from 'react-router';

export const databaseRoutes: RouteObject[] = [
  { path: 'databases', lazy: async () => ({ Component: (await import('./database-list.tsx')).DatabaseList }) },
  { path: 'databases/new', lazy: async () => ({ Component: (await import('./add-database.tsx')).AddDatabase }) },
  {
    path: 'databases/:id',
    lazy: async () => ({ Component: (await import('./database-page.tsx')).DatabasePage }),
    children: [
      { index: true, lazy: async () => ({ Component: (await import('./overview-tab.tsx')).OverviewTab }) },
      { path: 'backups', lazy: async () => ({ Component: (await import('./backups-tab.tsx')).BackupsTab }) },
      { path: 'restore', lazy: async () => ({ Component: (await import('./restore-tab.tsx')).RestoreTab }) },
      { path: 'restores/:restoreId', lazy: async () => ({ Component: (await import('./restore-progress.tsx')).RestoreProgress }) },
      { path: 'settings', lazy: async () => ({ Component: (await import('./settings-tab.tsx')).SettingsTab }) },
    ],
  },
];
