import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { accountRoutes } from '../pages/account/routes.ts';
import { activityRoutes } from '../pages/activity/routes.ts';
import { adminRoutes } from '../pages/admin/routes.ts';
import { databaseRoutes } from '../pages/databases/routes.ts';
import { policyRoutes } from '../pages/policies/routes.ts';
import { signInRoutes } from '../pages/sign-in/routes.ts';
import { AdminsOnly, SignedIn } from './guards.tsx';
import { Layout } from './layout.tsx';
import { BrokenPage, NotFound, Starting } from './odd-pages.tsx';

/** Every address of the panel; each area's own are in its routes.ts, and each page's code is loaded when it is first opened. */
const routes: RouteObject[] = [
  {
    errorElement: <BrokenPage />,
    hydrateFallbackElement: <Starting />,
    children: [
      ...signInRoutes,
      {
        element: (
          <SignedIn>
            <Layout />
          </SignedIn>
        ),
        children: [
          {
            errorElement: <BrokenPage />,
            children: [
              { index: true, element: <Navigate to="/databases" replace /> },
              ...databaseRoutes,
              ...policyRoutes,
              ...activityRoutes,
              ...accountRoutes,
              { path: 'admin', element: <AdminsOnly />, children: adminRoutes },
              { path: '*', element: <NotFound /> },
            ],
          },
        ],
      },
    ],
  },
];

export function createRouter() {
  return createBrowserRouter(routes);
}
