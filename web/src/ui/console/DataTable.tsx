// The console's table: plain markup, keyboard rows (j/k or arrows, Enter),
// columns that give way on a narrow screen. antd's is not used: its scroll
// containers are unreadable to screen readers and it is ten times the code.

import { Checkbox } from 'antd';
import type { KeyboardEvent, ReactNode } from 'react';
import { useText } from '../../i18n';
import { messages } from '../messages';

export interface Column<T, Sort extends string = string> {
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  /** Plain text for exports; without it the column is not exported. */
  text?: (row: T) => string;
  num?: boolean;
  nowrap?: boolean;
  /** Value of `sort` in the address when this head is pressed. */
  sort?: Sort;
  /** Stays at 390 px. */
  narrow?: boolean;
  /** Off until chosen. */
  hidden?: boolean;
  width?: number | string;
}

export interface DataTableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  compact?: boolean;
  onOpen?: (row: T) => void;
  chosenKey?: string;
  sort?: string;
  onSort?: (sort: string) => void;
  picked?: Set<string>;
  onPick?: (picked: Set<string>) => void;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { caption, columns, rows, rowKey, compact, onOpen, chosenKey, sort, onSort, picked, onPick } = props;
  const t = useText(messages);
  const keys = rows.map(rowKey);
  const allPicked = keys.length > 0 && keys.every((k) => picked?.has(k));
  const pick = (key: string, on: boolean) => {
    const next = new Set(picked);
    if (on) next.add(key);
    else next.delete(key);
    onPick?.(next);
  };
  const cellClass = (c: Column<T>) =>
    [c.num ? 'num' : '', c.nowrap ? 'nowrap' : '', c.narrow ? '' : 'wide-only'].filter(Boolean).join(' ') || undefined;
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table className={compact ? 'table compact' : 'table'}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {onPick && (
              <th scope="col" style={{ width: 36 }}>
                <Checkbox
                  aria-label={t('selectAll')}
                  checked={allPicked}
                  onChange={(e) => onPick(new Set(e.target.checked ? keys : []))}
                />
              </th>
            )}
            {columns.map((c) => (
              <th key={c.key} scope="col" className={cellClass(c)} style={{ width: c.width }}>
                {c.sort && onSort ? (
                  <button
                    type="button"
                    className="link-button"
                    aria-pressed={sort === c.sort}
                    onClick={() => onSort(c.sort ?? '')}
                  >
                    {c.title}
                    {sort === c.sort ? ' ↓' : ''}
                  </button>
                ) : (
                  c.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const key = rowKey(row);
            return (
              <tr
                key={key}
                className={[onOpen ? 'clickable' : '', chosenKey === key ? 'chosen' : ''].join(' ')}
                tabIndex={onOpen ? 0 : undefined}
                onClick={onOpen ? (e) => !isControl(e.target) && onOpen(row) : undefined}
                onKeyDown={onOpen ? (e) => rowKeys(e, () => onOpen(row)) : undefined}
              >
                {onPick && (
                  <td>
                    <Checkbox
                      aria-label={t('selectRow')}
                      checked={picked?.has(key)}
                      onChange={(e) => pick(key, e.target.checked)}
                    />
                  </td>
                )}
                {columns.map((c) => (
                  <td key={c.key} className={cellClass(c)}>
                    {c.render(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const isControl = (target: EventTarget) =>
  target instanceof Element && target.closest('a,button,input,label,select,textarea') !== null;

function rowKeys(e: KeyboardEvent<HTMLTableRowElement>, open: () => void) {
  if (isControl(e.target)) return;
  const move = (row: Element | null) => {
    if (row instanceof HTMLElement) {
      row.focus();
      e.preventDefault();
    }
  };
  if (e.key === 'Enter') {
    open();
    e.preventDefault();
  } else if (e.key === 'j' || e.key === 'ArrowDown') move(e.currentTarget.nextElementSibling);
  else if (e.key === 'k' || e.key === 'ArrowUp') move(e.currentTarget.previousElementSibling);
}
