// One search field with suggestions (ARIA combobox: arrows choose, Enter
// opens, Escape closes).

import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useGet } from '../api/query';
import { useText } from '../i18n';
import { Icon } from '../ui/icons';
import { messages } from './messages';
import type { DatasetRef } from './types';

/** The value once it has stood still for `ms`. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export function SearchBox({ value, onSearch, big }: { value: string; onSearch: (q: string) => void; big?: boolean }) {
  const t = useText(messages);
  const navigate = useNavigate();
  const id = useId();
  const [typed, setTyped] = useState(value);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  useEffect(() => setTyped(value), [value]);
  const settled = useSettled(typed.trim(), 150);
  const found = useGet('/portal/suggest', { query: { q: settled } }, { enabled: open && settled !== '' });
  const list = open && settled && typed.trim() ? (found.data ?? []) : [];

  const go = (ref: DatasetRef) => {
    setOpen(false);
    navigate({ to: '/datasets/$slug', params: { slug: ref.slug } });
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    setOpen(false);
    if (list[at]) go(list[at]);
    else onSearch(typed.trim());
  };
  const key = (e: KeyboardEvent) => {
    if (e.key === 'Escape') setOpen(false);
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    e.preventDefault();
    setOpen(true);
    const step = e.key === 'ArrowDown' ? 1 : -1;
    setAt((i) => Math.max(-1, Math.min(list.length - 1, i + step)));
  };
  return (
    <form role="search" className={big ? 'search-box big' : 'search-box'} onSubmit={submit}>
      <div className="search-field">
        <Icon name="search" size={20} />
        <input
          type="search"
          role="combobox"
          aria-label={t('searchLabel')}
          aria-expanded={list.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 && list[at] ? `${id}-${at}` : undefined}
          placeholder={t('searchHint')}
          maxLength={200}
          autoComplete="off"
          value={typed}
          onChange={(e) => {
            setTyped(e.target.value);
            setAt(-1);
            setOpen(true);
          }}
          onKeyDown={key}
          onBlur={() => setTimeout(() => setOpen(false), 150)}
        />
        <ul
          id={`${id}-list`}
          role="listbox"
          aria-label={t('suggestions')}
          className="suggestions"
          hidden={list.length === 0}
        >
          {list.map((ref, i) => (
            <li
              key={ref.id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => go(ref)}
            >
              {ref.title}
            </li>
          ))}
        </ul>
      </div>
      <button type="submit" className="button primary">
        {t('search')}
      </button>
    </form>
  );
}
