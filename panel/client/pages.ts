import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query';
import type { ProblemError } from './problem-error.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A long list, a page at a time; DataTable shows it. */
export interface Pages<T> {
  readonly rows: readonly T[];
  readonly isPending: boolean;
  readonly error: ProblemError | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
}

interface Freshness {
  readonly refetchInterval?: number;
  readonly staleTime?: number;
}

export function usePages<T>(
  queryKey: QueryKey,
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
  freshness: Freshness = {},
): Pages<T> {
  const query = useInfiniteQuery<Page<T>, ProblemError, readonly T[], QueryKey, string | undefined>({
    ...freshness,
    queryKey,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.nextCursor,
    select: ({ pages }) => pages.flatMap((page) => page.items),
    placeholderData: (previous) => previous,
  });
  return {
    rows: query.data ?? [],
    isPending: query.isPending,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
  };
}

/** What of a filter was chosen: an empty choice is none. */
export function chosen<T extends Record<string, string | undefined>>(filter: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== '')) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
