import type { RouteObject } from 'react-router';

export const policyRoutes: RouteObject[] = [
  { path: 'policies', lazy: async () => ({ Component: (await import('./policy-list.tsx')).PolicyList }) },
  { path: 'policies/new', lazy: async () => ({ Component: (await import('./add-policy.tsx')).AddPolicy }) },
  { path: 'policies/:id', lazy: async () => ({ Component: (await import('./policy-page.tsx')).PolicyPage }) },
  { path: 'policies/:id/edit', lazy: async () => ({ Component: (await import('./edit-policy.tsx')).EditPolicy }) },
  { path: 'policies/:id/deleted', lazy: async () => ({ Component: (await import('./deleted-policy.tsx')).DeletedPolicy }) },
];
