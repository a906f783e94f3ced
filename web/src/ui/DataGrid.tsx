// Rows of a data resource: name and type over each column, grade as a small
// mark, masked and empty cells recognisable, a click copies a cell.

import { type ReactNode, useState } from 'react';
import { useText } from '../i18n';
import { columnStats } from './columnStats';
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
  stats,
}: {
  columns: GridColumn[];
  rows: GridRow[];
  caption: string;
  onSort?: (column: string) => void;
  /** Shows a cell in another way than as text, or `undefined` for as usual. */
  cell?: (row: GridRow, column: GridColumn) => ReactNode | undefined;
  rowKey?: (row: GridRow, index: number) => string | number;
  /** Offers what stands in each column, of the rows shown. */
  stats?: boolean;
}) {
  const t = useText(messages);
  const typeName = useTypeName();
  const [open, setOpen] = useState(false);
  return (
    <>
      {stats && rows.length > 0 && (
        <button type="button" className="link-button small" aria-pressed={open} onClick={() => setOpen(!open)}>
          {open ? t('hideStats') : t('showStats', { n: rows.length })}
        </button>
      )}
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
            {open && (
              <tr>
                {columns.map((c) => (
                  <td key={c.name} className="column-stats">
                    <Stats values={rows.map((row) => row[c.name])} numeric={NUMERIC.has(c.type ?? '')} />
                  </td>
                ))}
              </tr>
            )}
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
    </>
  );
}

function Stats({ values, numeric }: { values: unknown[]; numeric: boolean }) {
  const t = useText(messages);
  const s = columnStats(values, numeric);
  return (
    <>
      <div>{t('statDistinct', { n: s.distinct })}</div>
      {s.empty > 0 && <div>{t('statEmpty', { n: s.empty })}</div>}
      {s.least !== undefined && s.distinct > 1 && (
        <div>
          {s.least} — {s.greatest}
        </div>
      )}
      {s.commonest
        .filter((c) => c.count > 1)
        .map((c) => (
          <div key={c.value} className="faint">
            {c.value} × {c.count}
          </div>
        ))}
    </>
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
