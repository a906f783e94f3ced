// React Query bound to the client: `useGet('/resources/{id}', { path: { id } })`.

import {
  QueryClient,
  type UseQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError, type Call, get } from './client';
import type { Page } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      // A refusal stays a refusal; only a lost connection or an overloaded server is asked again.
      retry: (count, error) => count < 2 && error instanceof ApiError && [0, 502, 503].includes(error.problem.status),
    },
  },
});

window.addEventListener('shuqiao:lang', () => {
  queryClient.invalidateQueries();
});

type Options<T> = Omit<UseQueryOptions<T, ApiError>, 'queryKey' | 'queryFn'>;

export function useGet<T>(path: string, call: Call = {}, options: Options<T> = {}) {
  return useQuery<T, ApiError>({
    queryKey: [path, call.path ?? null, call.query ?? null],
    queryFn: ({ signal }) => get<T>(path, { ...call, signal }),
    ...options,
  });
}

/** A list read on and on, page after page. */
export function useEndless<T>(path: string, call: Call = {}, enabled = true) {
  return useInfiniteQuery<Page<T>, ApiError, Page<T>[], unknown[], string | undefined>({
    queryKey: [path, 'endless', call.path ?? null, call.query ?? null],
    queryFn: ({ pageParam, signal }) => get(path, { ...call, query: { ...call.query, cursor: pageParam }, signal }),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    select: (data) => data.pages,
    enabled,
  });
}

/** A decision: on success everything shown is read anew, because one decision moves tasks, counts and states at once. */
export function useAct<V, T = unknown>(act: (value: V) => Promise<T>, done?: (result: T, value: V) => void) {
  const client = useQueryClient();
  const running = useRef(new Map<string, Promise<T>>());
  const keyOf = (value: V) => (value instanceof File ? value.name : JSON.stringify(value ?? null));
  return useMutation<T, ApiError, V, { again: boolean }>({
    // A double click outruns the button's loading state: the second one waits for the first, sends and does nothing.
    onMutate: (value) => ({ again: running.current.has(keyOf(value)) }),
    mutationFn: (value) => {
      const same = keyOf(value);
      const before = running.current.get(same);
      if (before) return before;
      const now = act(value).finally(() => running.current.delete(same));
      running.current.set(same, now);
      return now;
    },
    onSuccess: async (result, value, { again }) => {
      if (again) return;
      await client.invalidateQueries();
      done?.(result, value);
    },
  });
}
