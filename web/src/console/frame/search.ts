// Addresses stay readable: `?state=published&unit=…`, every value a string.

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

/** The filters of a page, kept in its address. Changing one goes back to the first page. */
export function useAddress(): [Search, (change: Record<string, string | undefined>, replace?: boolean) => void] {
  const search = useRouterState({ select: (s) => s.location.search }) as unknown as Search;
  const navigate = useNavigate();
  const set = useCallback(
    (change: Record<string, string | undefined>, replace = false) => {
      const next: Record<string, string | undefined> = { ...search, ...change };
      if (!('cursor' in change)) delete next.cursor;
      for (const key of Object.keys(next)) if (!next[key]) delete next[key];
      navigate({ to: '.', search: next as never, replace, resetScroll: false });
    },
    [search, navigate],
  );
  return [search, set];
}

/** Goes to any address of the console, given as text (`/catalog/…`). */
export function useGo(): (address: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (address: string) => {
      if (address.startsWith('/console')) navigate({ href: address.slice('/console'.length) || '/' });
      else if (address.startsWith('http') || address.startsWith('//')) return;
      else navigate({ href: address });
    },
    [navigate],
  );
}
