import type { RouteObject } from 'react-router';

export const databaseRoutes: RouteObject[] = [
  { path: 'databases', lazy: async () => ({ Component: (await import('./database-list.tsx')).DatabaseList }) },
];
