// Rows that sort, filter and page, as the public API gives them.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { get } from '../../api/client';
import { number } from '../../format';
import { useText } from '../../i18n';
import { Icon } from '../../ui/icons';
import { EmptyState, ErrorView, Skeleton } from '../../ui/States';
import { messages } from '../messages';
import { type Cell, type DatasetDetail, type DictionaryItem, type Rows, repeated, rowsOf } from '../types';

const PAGE = 10;
const OPS = ['eq', 'ne', 'contains', 'starts_with', 'ge', 'le', 'is_null', 'not_null'] as const;
type Op = (typeof OPS)[number];
interface Condition {
  item: string;
  op: Op;
  value: string;
}

interface Question {
  q: string;
  conditions: Condition[];
  sort: string;
}

const written = (c: Condition) =>
  c.op === 'is_null' || c.op === 'not_null' ? `${c.item}:${c.op}` : `${c.item}:${c.op}:${c.value}`;

/** What is asked of the rows; `filter` stands once for each condition. */
const asked = ({ q, sort, conditions }: Question, cursor: string | undefined) => ({
  q,
  sort,
  filter: repeated(conditions.map(written)),
  cursor,
  limit: PAGE,
});

export function Preview({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const [question, setQuestion] = useState<Question>({ q: '', conditions: [], sort: '' });
  const [cursors, setCursors] = useState<string[]>([]);
  const query = asked(question, cursors[cursors.length - 1]);
  const rows = useQuery({
    queryKey: ['preview', d.slug, query, d.built_at],
    queryFn: async ({ signal }) => rowsOf(await get('/datasets/{id}/preview', { path: { id: d.slug }, query, signal })),
    placeholderData: keepPreviousData,
  });
  const ask = (change: Partial<Question>) => {
    setCursors([]);
    setQuestion((now) => ({ ...now, ...change }));
  };
  const sort = (item: string) => ask({ sort: question.sort === item ? `-${item}` : item });
  return (
    <div className="stack">
      <p className="soft small">{t('previewLead')}</p>
      <Search onSearch={(q) => ask({ q })} />
      <Conditions d={d} conditions={question.conditions} onChange={(conditions) => ask({ conditions })} />
      {rows.error ? (
        <ErrorView error={rows.error} retry={() => ask({})} />
      ) : !rows.data ? (
        <Skeleton lines={8} />
      ) : (
        <>
          <Grid items={d.dictionary} rows={rows.data} sort={question.sort} onSort={sort} />
          {rows.data.items.length === 0 && <EmptyState title={t('noRows')} />}
          <Pager
            rows={rows.data}
            page={cursors.length}
            onPrev={() => setCursors((c) => c.slice(0, -1))}
            onNext={(next) => setCursors((c) => [...c, next])}
          />
        </>
      )}
    </div>
  );
}

function Search({ onSearch }: { onSearch: (q: string) => void }) {
  const t = useText(messages);
  const [q, setQ] = useState('');
  const submit = (e: FormEvent) => {
    e.preventDefault();
    onSearch(q.trim());
  };
  return (
    <form className="row preview-search" onSubmit={submit}>
      <input
        type="search"
        aria-label={t('findInRows')}
        placeholder={t('findInRows')}
        maxLength={200}
        value={q}
        onChange={(e) => setQ(e.target.value)}
      />
      <button type="submit" className="button">
        {t('search')}
      </button>
    </form>
  );
}

function Conditions({
  d,
  conditions,
  onChange,
}: {
  d: DatasetDetail;
  conditions: Condition[];
  onChange: (all: Condition[]) => void;
}) {
  const t = useText(messages);
  const [draft, setDraft] = useState<Condition | null>(null);
  const title = (name: string) => d.dictionary.find((i) => i.name === name)?.title ?? name;
  const plain = (op: Op) => op === 'is_null' || op === 'not_null';
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (draft) onChange([...conditions, draft]);
    setDraft(null);
  };
  return (
    <div className="stack tight">
      <div className="row">
        {conditions.map((c, i) => (
          <button
            type="button"
            key={written(c)}
            className="chip"
            aria-label={t('remove', { what: `${title(c.item)} ${t(`op_${c.op}`)} ${c.value}` })}
            onClick={() => onChange(conditions.filter((_, at) => at !== i))}
          >
            {title(c.item)} {t(`op_${c.op}`)} {!plain(c.op) && c.value}
            <Icon name="cross" size={12} />
          </button>
        ))}
        {!draft && (
          <button
            type="button"
            className="link-button"
            onClick={() => setDraft({ item: d.dictionary[0]?.name ?? '', op: 'contains', value: '' })}
          >
            + {t('addFilter')}
          </button>
        )}
      </div>
      {draft && (
        <form className="row condition" onSubmit={submit}>
          <select
            aria-label={t('filterItem')}
            value={draft.item}
            onChange={(e) => setDraft({ ...draft, item: e.target.value })}
          >
            {d.dictionary.map((i) => (
              <option key={i.id} value={i.name}>
                {i.title}
              </option>
            ))}
          </select>
          <select
            aria-label={t('filterOp')}
            value={draft.op}
            onChange={(e) => setDraft({ ...draft, op: e.target.value as Op })}
          >
            {OPS.map((op) => (
              <option key={op} value={op}>
                {t(`op_${op}`)}
              </option>
            ))}
          </select>
          {!plain(draft.op) && (
            <input
              aria-label={t('filterValue')}
              required
              maxLength={200}
              value={draft.value}
              onChange={(e) => setDraft({ ...draft, value: e.target.value })}
            />
          )}
          <button type="submit" className="button">
            {t('apply')}
          </button>
        </form>
      )}
    </div>
  );
}

const numeric = (item: DictionaryItem) => item.type === 'integer' || item.type === 'decimal';

function Grid({
  items,
  rows,
  sort,
  onSort,
}: {
  items: DictionaryItem[];
  rows: Rows;
  sort: string;
  onSort: (item: string) => void;
}) {
  const t = useText(messages);
  return (
    <div className="table-scroll surface" tabIndex={0} role="group" aria-label={t('preview')}>
      <table className="table compact rows">
        <thead>
          <tr>
            {items.map((i) => {
              const state = sort === i.name ? 'ascending' : sort === `-${i.name}` ? 'descending' : 'none';
              const next = state === 'ascending' ? t('sortDesc', { what: i.title }) : t('sortAsc', { what: i.title });
              return (
                <th key={i.id} scope="col" aria-sort={state} className={numeric(i) ? 'num' : undefined}>
                  <button type="button" className="sort" title={next} onClick={() => onSort(i.name)}>
                    {i.title}
                    <span aria-hidden="true">{state === 'ascending' ? ' ↑' : state === 'descending' ? ' ↓' : ''}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.items.map((row, at) => (
            <tr key={at}>
              {items.map((i) => (
                <td key={i.id} className={numeric(i) ? 'num' : undefined}>
                  <Value value={row[i.name]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ value }: { value: Cell | undefined }) {
  const t = useText(messages);
  if (value === null || value === undefined || value === '') return <span className="faint">{t('empty')}</span>;
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  return String(value);
}

function Pager({
  rows,
  page,
  onPrev,
  onNext,
}: {
  rows: Rows;
  page: number;
  onPrev: () => void;
  onNext: (cursor: string) => void;
}) {
  const t = useText(messages);
  const from = page * PAGE + 1;
  return (
    <div className="row apart">
      <span className="soft small tabular" aria-live="polite">
        {rows.total !== null && rows.total !== undefined && t('rowsTotal', { n: number(rows.total) })}
        {rows.items.length > 0 &&
          ` · ${t('rowsShown', { from: number(from), to: number(from + rows.items.length - 1) })}`}
      </span>
      <span className="row">
        <button type="button" className="button" disabled={page === 0} onClick={onPrev}>
          {t('prev')}
        </button>
        <button type="button" className="button" disabled={!rows.next} onClick={() => rows.next && onNext(rows.next)}>
          {t('next')}
        </button>
      </span>
    </div>
  );
}
