import { type RouteObject, redirect } from 'react-router';

export const adminRoutes: RouteObject[] = [
  { index: true, loader: () => redirect('/admin/overview') },
  { path: 'overview', lazy: async () => ({ Component: (await import('./overview.tsx')).Overview }) },
  { path: 'databases', lazy: async () => ({ Component: (await import('./all-databases.tsx')).AllDatabases }) },
  { path: 'policies', lazy: async () => ({ Component: (await import('./all-policies.tsx')).AllPolicies }) },
  { path: 'users', lazy: async () => ({ Component: (await import('./users.tsx')).Users }) },
  { path: 'tasks', lazy: async () => ({ Component: (await import('./all-tasks.tsx')).AllTasks }) },
  { path: 'notices', lazy: async () => ({ Component: (await import('./notices.tsx')).Notices }) },
  { path: 'audit', lazy: async () => ({ Component: (await import('./audit-log.tsx')).AuditLog }) },
];
