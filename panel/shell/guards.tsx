import { type ReactNode, useEffect, useReducer } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { useMaybeMe } from '../client/me.ts';
import { ProblemError } from '../client/problem-error.ts';
import { mayBeSignedIn, onSignedOut } from '../client/signed-in.ts';
import { ProblemAlert } from '../parts/problem-alert.tsx';
import { NotFound, Starting } from './odd-pages.tsx';

/** Sends whoever is not signed in to the sign-in page, which leads back. */
export function SignedIn({ children }: { readonly children: ReactNode }) {
  const [, lookAgain] = useReducer((count: number) => count + 1, 0);
  useEffect(() => onSignedOut(lookAgain), []);
  const { pathname, search, hash } = useLocation();
  if (!mayBeSignedIn()) return <Navigate to={`/sign-in?return=${encodeURIComponent(pathname + search + hash)}`} replace />;
  return <Known>{children}</Known>;
}

function Known({ children }: { readonly children: ReactNode }) {
  const { data, error, refetch } = useMaybeMe();
  if (data !== undefined) return children;
  if (error === null || (error instanceof ProblemError && error.code === 'not-signed-in')) return <Starting />;
  return <ProblemAlert error={error} onRetry={() => void refetch()} />;
}

export function AdminsOnly() {
  const { data } = useMaybeMe();
  return data?.role === 'admin' ? <Outlet /> : <NotFound />;
}
