import type { RouteObject } from 'react-router';

export const activityRoutes: RouteObject[] = [
  { path: 'activity', lazy: async () => ({ Component: (await import('./activity.tsx')).Activity }) },
  { path: 'activity/:id', lazy: async () => ({ Component: (await import('./task-page.tsx')).TaskPage }) },
];
