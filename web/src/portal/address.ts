// Addresses stay readable: `?q=…&subject=market,health`, every value a string.

import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useCallback } from 'react';

export type Search = Record<string, string>;

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

export function useAddress(): [Search, (change: Record<string, string | undefined>) => void] {
  const search = useRouterState({ select: (s) => s.location.search }) as unknown as Search;
  const navigate = useNavigate();
  const set = useCallback(
    (change: Record<string, string | undefined>) => {
      const next: Record<string, string | undefined> = { ...search, ...change };
      for (const key of Object.keys(next)) if (!next[key]) delete next[key];
      navigate({ to: '.', search: next as never, resetScroll: false });
    },
    [search, navigate],
  );
  return [search, set];
}
