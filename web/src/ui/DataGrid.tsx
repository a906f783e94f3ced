// Rows of a data resource: name and type over each column, grade as a small
// mark, masked and empty cells recognisable, a click copies a cell.

import type { ReactNode } from 'react';
import { useText } from '../i18n';
import { messages } from './messages';
import './states.css';
import { GradeMark, useTypeName } from './Tags';

export interface GridColumn {
  name: string;
  title: string;
  type?: string;
  grade?: string | null;
  masked?: boolean;
  sorted?: 'asc' | 'desc' | null;
}
export type GridRow = Record<string, unknown>;

const NUMERIC = new Set(['integer', 'decimal', 'int', 'float', 'number']);

export function DataGrid({
  columns,
  rows,
  onSort,
  caption,
  cell,
  rowKey,
}: {
  columns: GridColumn[];
  rows: GridRow[];
  caption: string;
  onSort?: (column: string) => void;
  /** Shows a cell in another way than as text, or `undefined` for as usual. */
  cell?: (row: GridRow, column: GridColumn) => ReactNode | undefined;
  rowKey?: (row: GridRow, index: number) => string | number;
}) {
  const typeName = useTypeName();
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table className="table compact">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th
                key={c.name}
                scope="col"
                className={NUMERIC.has(c.type ?? '') ? 'num' : undefined}
                aria-sort={c.sorted === 'asc' ? 'ascending' : c.sorted === 'desc' ? 'descending' : undefined}
              >
                <span className="grid-head">
                  {onSort ? (
                    <button type="button" className="link-button" onClick={() => onSort(c.name)}>
                      {c.title}
                      {c.sorted ? (c.sorted === 'asc' ? ' ↑' : ' ↓') : ''}
                    </button>
                  ) : (
                    <span>{c.title}</span>
                  )}
                  <small>
                    {c.type && typeName(c.type)} {c.grade && <GradeMark grade={c.grade} />}
                  </small>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey ? rowKey(row, index) : index}>
              {columns.map((c) => (
                <td key={c.name} className={NUMERIC.has(c.type ?? '') ? 'num' : 'nowrap'}>
                  {cell?.(row, c) ?? <Cell value={row[c.name]} masked={c.masked} />}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Cell({ value, masked }: { value: unknown; masked?: boolean }) {
  const t = useText(messages);
  if (value === null || value === undefined || value === '') return <span className="cell-null">{t('empty')}</span>;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const isMasked = masked ?? /[*＊●]{2,}/.test(text);
  return isMasked ? (
    <span className="cell-masked" title={t('masked')}>
      {text}
    </span>
  ) : (
    <span title={text.length > 40 ? text : undefined}>{text.length > 60 ? `${text.slice(0, 60)}…` : text}</span>
  );
}
