// Search everything; `/` focuses it from anywhere.

import type { InputRef } from 'antd';
import { Input } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import type { Schema } from '../../api/operation';
import { useGet } from '../../api/query';
import { useText } from '../../i18n';
import { messages } from './messages';
import { useGo } from './search';

interface Hit {
  id: string;
  title: string;
  subtitle: string;
  address: string;
}
const hitsOf = (found: Schema<'GlobalResults'> | undefined): Hit[] => [
  ...(found?.resources ?? []).slice(0, 8).map((r) => ({
    id: r.id,
    title: r.title,
    subtitle: r.provider.name,
    address: `/catalog/${r.id}`,
  })),
  ...(found?.institutions ?? [])
    .slice(0, 4)
    .map((i) => ({ id: i.id, title: i.name, subtitle: '', address: `/organisations/${i.id}` })),
];

export function GlobalSearch() {
  const t = useText(messages);
  const go = useGo();
  const input = useRef<InputRef>(null);
  const listId = useId();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 180);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    const focus = () => input.current?.focus({ cursor: 'all' });
    window.addEventListener('shuqiao:search', focus);
    return () => window.removeEventListener('shuqiao:search', focus);
  }, []);
  const result = useGet('/search', { query: { q: asked } }, { enabled: asked.length > 0 });
  const hits = hitsOf(result.data);

  const choose = (index: number) => {
    setOpen(false);
    input.current?.blur();
    if (index >= 0 && hits[index]) go(hits[index].address);
    else if (text.trim()) go(`/catalog?q=${encodeURIComponent(text.trim())}`);
  };
  return (
    <div className="search-all" role="search">
      <Input
        ref={input}
        value={text}
        placeholder={t('searchAll')}
        aria-label={t('searchAll')}
        role="combobox"
        aria-expanded={open && asked !== ''}
        aria-controls={listId}
        aria-activedescendant={at >= 0 ? `${listId}-${at}` : undefined}
        aria-autocomplete="list"
        onChange={(e) => {
          setText(e.target.value);
          setAt(-1);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(e) => {
          // Enter and the arrows belong to the input method while it composes.
          if (e.nativeEvent.isComposing) return;
          if (e.key === 'ArrowDown') setAt(Math.min(at + 1, hits.length - 1));
          else if (e.key === 'ArrowUp') setAt(Math.max(at - 1, -1));
          else if (e.key === 'Escape') input.current?.blur();
          else if (e.key === 'Enter') choose(at);
          else return;
          e.preventDefault();
        }}
      />
      <ul id={listId} role="listbox" aria-label={t('searchAll')} className="search-hits" hidden={!open || asked === ''}>
        {hits.map((hit, i) => (
          <li
            key={hit.id}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={i === at}
            className={i === at ? 'at' : undefined}
            onMouseDown={(e) => {
              e.preventDefault();
              choose(i);
            }}
          >
            <span>{hit.title}</span>
            {hit.subtitle && <span className="faint small">{hit.subtitle}</span>}
          </li>
        ))}
        <li
          role="option"
          aria-selected={false}
          onMouseDown={(e) => {
            e.preventDefault();
            choose(-1);
          }}
        >
          <span className="soft">
            {hits.length || result.isFetching ? t('searchInCatalog', { q: asked }) : t('searchNone', { q: asked })}
          </span>
        </li>
      </ul>
    </div>
  );
}
