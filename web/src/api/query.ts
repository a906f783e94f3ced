// React Query bound to the client: `useGet('/resources/{id}', { path: { id } })`.

import {
  QueryClient,
  type UseQueryOptions,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError, get } from './client';
import type { Answer, Args, ListPath, Page, Path, Row, WholeList } from './operation';

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
/** A call as the cache knows it, whatever the operation. */
interface Told {
  path?: object;
  query?: object;
}

export const useGet = useRead as <P extends Path<'get'>>(
  path: P,
  ...args: Args<'get', P, [options?: Options<Answer<'get', P>>]>
) => UseQueryResult<Answer<'get', P>, ApiError>;

function useRead<P extends Path<'get'>>(path: P, call: Told = {}, options: Options<Answer<'get', P>> = {}) {
  return useQuery<Answer<'get', P>, ApiError>({
    queryKey: [path, call.path ?? null, call.query ?? null],
    queryFn: ({ signal }) => read(path, { ...call, signal }),
    ...options,
  });
}

/** A list read on and on, page after page. */
export function useEndless<P extends ListPath>(path: P, ...args: Args<'get', P>) {
  const [call] = args as unknown as [Told?];
  return useInfiniteQuery<Answer<'get', P>, ApiError, Answer<'get', P>[], unknown[], string | undefined>({
    queryKey: [path, 'endless', call?.path ?? null, call?.query ?? null],
    queryFn: ({ pageParam, signal }) => read(path, { ...call, query: { ...call?.query, cursor: pageParam }, signal }),
    initialPageParam: undefined,
    getNextPageParam: (last) => pageOf(last)?.next ?? undefined,
    select: (data) => data.pages,
  });
}

/** A list filtered by an address: what a person typed or a link held is for the server to judge, not for the compiler. */
export function useList<P extends WholeList>(
  path: P,
  address: Record<string, unknown>,
  options: Options<Answer<'get', P>> = {},
) {
  return useRead(path, { query: address }, options);
}

export const pageOf = <P extends ListPath>(answer: Answer<'get', P> | undefined) => answer as Page<Row<P>> | undefined;

/** `get` for calls whose types the hooks above have looked at. */
const read = get as unknown as <P extends Path<'get'>>(
  path: P,
  call: Told & { signal: AbortSignal },
) => Promise<Answer<'get', P>>;

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
