// Every list of the console: filters in the address, columns one can choose,
// density, paging by cursor, bulk actions, export, saved views; a row opens a
// side panel, the same row again its page.

import { keepPreviousData } from '@tanstack/react-query';
import { Button, Checkbox, Drawer, Dropdown, Input, Popover, Select, Space } from 'antd';
import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { addressOf } from '../../api/client';
import type { Answer, Path, Query, Row, WholeList } from '../../api/operation';
import { pageOf, useList } from '../../api/query';
import { useAddress, useGo } from '../../console/frame/search';
import { number } from '../../format';
import { useText } from '../../i18n';
import { messages } from '../messages';
import { EmptyState, ErrorView, Skeleton } from '../States';
import { csv, download } from './csv';
import { type Column, DataTable } from './DataTable';
import { SavedViews, useStored } from './SavedViews';

export interface Filter<Key extends string = string> {
  key: Key;
  title: string;
  /** Without options a text field. */
  options?: { value: string; label: string }[];
  width?: number;
}

type Named<P extends WholeList> = Exclude<keyof Query<P> & string, 'cursor' | 'limit' | 'sort'>;
type Sort<P extends WholeList> = Query<P> extends { sort?: infer S extends string } ? S : never;

export interface ListPageProps<P extends WholeList> {
  id: string;
  path: P;
  caption: string;
  columns: Column<Row<P>, Sort<P>>[];
  filters?: Filter<Named<P>>[];
  /** Query that the address does not show. */
  fixed?: Query<P>;
  rowKey: (row: Row<P>) => string;
  rowHref?: (row: Row<P>) => string;
  rowTitle?: (row: Row<P>) => ReactNode;
  panel?: (row: Row<P>) => ReactNode;
  bulk?: (rows: Row<P>[], clear: () => void) => ReactNode;
  /** A server export of the whole filtered list, by format. */
  exports?: { path: Extract<Path<'get'>, `${P}/export`>; formats: string[] };
  empty: { title: string; text: string; action?: ReactNode };
  /** Facets and the like, left of the table. */
  aside?: (page: Answer<'get', P> | undefined) => ReactNode;
  tools?: ReactNode;
  refetchInterval?: number | ((page: Answer<'get', P> | undefined) => number | false);
}

const LIMIT = 20;

export function ListPage<P extends WholeList>(props: ListPageProps<P>) {
  const { id, path, columns, filters = [], fixed, rowKey, rowHref, panel, empty } = props;
  const t = useText(messages);
  const go = useGo();
  const [address, setAddress] = useAddress();
  const [compact, setCompact] = useStored(`${id}.compact`, false);
  const [shown, setShown] = useStored<string[] | null>(`${id}.columns`, null);
  const [picked, setPicked] = useState(new Set<string>());
  const [side, setSide] = useState<Row<P> | null>(null);
  const [earlier, setEarlier] = useState<string[]>([]);

  const { refetchInterval } = props;
  const list = useList(
    path,
    { limit: LIMIT, ...fixed, ...address },
    {
      placeholderData: keepPreviousData,
      refetchInterval: typeof refetchInterval === 'function' ? (q) => refetchInterval(q.state.data) : refetchInterval,
    },
  );
  const page = pageOf<P>(list.data);
  const rows = page?.items ?? [];
  const filterText = JSON.stringify({ ...address, cursor: undefined });
  useEffect(() => {
    setEarlier([]);
    setPicked(new Set());
  }, [filterText]);

  // The first page has none before it, by whatever way one came back to it.
  useEffect(() => {
    if (!address.cursor) setEarlier([]);
  }, [address.cursor]);

  const visible = useMemo(() => columns.filter((c) => (shown ? shown.includes(c.key) : !c.hidden)), [columns, shown]);
  const open = (row: Row<P>) => {
    const again = side && rowKey(side) === rowKey(row);
    if (rowHref && (!panel || again)) go(rowHref(row));
    else if (panel) setSide(row);
  };
  const filtered = Object.keys(address).some((k) => k !== 'cursor' && k !== 'sort');

  return (
    <div className="list-page">
      {props.aside && <Aside>{props.aside(list.data)}</Aside>}
      <section className="surface list-main" aria-busy={list.isFetching}>
        <div className={filters.length > 0 || props.tools ? 'list-bar' : 'list-bar wide-only'}>
          <div className="row">
            {filters.map((f) => (
              <FilterField key={f.key} filter={f} value={address[f.key]} onChange={(v) => setAddress({ [f.key]: v })} />
            ))}
            {filtered && (
              <Button
                type="link"
                onClick={() => setAddress(Object.fromEntries(Object.keys(address).map((k) => [k, undefined])))}
              >
                {t('reset')}
              </Button>
            )}
          </div>
          <div className="row list-tools">
            {props.tools}
            <span className="row wide-only">
              <SavedViews
                id={id}
                address={address}
                onChoose={(view) =>
                  setAddress({ ...Object.fromEntries(Object.keys(address).map((k) => [k, undefined])), ...view })
                }
              />
              <Popover
                trigger="click"
                placement="bottomRight"
                content={<ColumnChoice columns={columns} visible={visible} onChange={setShown} />}
              >
                <Button>{t('columns')}</Button>
              </Popover>
              <Button onClick={() => setCompact(!compact)} aria-pressed={compact}>
                {compact ? t('comfortable') : t('compact')}
              </Button>
              <ExportButton
                {...props}
                rows={rows}
                visible={visible}
                query={{ ...fixed, ...address, cursor: undefined }}
              />
            </span>
          </div>
        </div>
        {picked.size > 0 && props.bulk && (
          <div className="list-bulk row">
            <span>{t('chosen', { n: picked.size })}</span>
            {props.bulk(
              rows.filter((r) => picked.has(rowKey(r))),
              () => setPicked(new Set()),
            )}
          </div>
        )}
        {list.error && <ErrorView error={list.error} retry={() => list.refetch()} />}
        {!list.data && !list.error && (
          <div style={{ padding: 'var(--s5)' }}>
            <Skeleton lines={8} />
          </div>
        )}
        {list.data && rows.length === 0 && (
          <EmptyState title={empty.title} action={filtered ? undefined : empty.action}>
            {empty.text}
          </EmptyState>
        )}
        {rows.length > 0 && (
          <DataTable
            caption={props.caption}
            columns={visible}
            rows={rows}
            rowKey={rowKey}
            compact={compact}
            onOpen={panel || rowHref ? open : undefined}
            chosenKey={side ? rowKey(side) : undefined}
            sort={address.sort}
            onSort={(sort) => setAddress({ sort: address.sort === sort ? undefined : sort })}
            picked={picked}
            onPick={props.bulk ? setPicked : undefined}
          />
        )}
        <div className="list-foot row apart">
          <span className="faint small tabular">
            {page?.total != null
              ? t('totalRows', { n: number(page.total) })
              : t('pageRows', { n: rows.length })}
          </span>
          <Space>
            {address.cursor && earlier.length === 0 && (
              <Button onClick={() => setAddress({ cursor: undefined })}>{t('firstPage')}</Button>
            )}
            <Button
              disabled={earlier.length === 0}
              onClick={() => {
                setAddress({ cursor: earlier[earlier.length - 1] || undefined });
                setEarlier(earlier.slice(0, -1));
              }}
            >
              {t('prevPage')}
            </Button>
            <Button
              disabled={!page?.next}
              onClick={() => {
                setEarlier([...earlier, address.cursor ?? '']);
                setAddress({ cursor: page?.next ?? undefined });
              }}
            >
              {t('nextPage')}
            </Button>
          </Space>
        </div>
      </section>
      {panel && (
        <Drawer
          open={side !== null}
          onClose={() => setSide(null)}
          title={side && props.rowTitle?.(side)}
          size={560}
          mask={false}
          closable={{ 'aria-label': t('close') }}
          extra={
            side && rowHref ? (
              <Button type="primary" onClick={() => go(rowHref(side))}>
                {t('openPage')}
              </Button>
            ) : undefined
          }
        >
          {side && panel(side)}
        </Drawer>
      )}
    </div>
  );
}

/** Facets stand beside the table where there is room, and fold away above it where there is none. */
function Aside({ children }: { children: ReactNode }) {
  const t = useText(messages);
  const wide = useSyncExternalStore(watchWidth, () => window.matchMedia(WIDE).matches);
  if (wide) return <aside className="list-aside">{children}</aside>;
  return (
    <details className="list-aside">
      <summary>{t('filters')}</summary>
      {children}
    </details>
  );
}
const WIDE = '(min-width: 1101px)';
function watchWidth(changed: () => void) {
  const query = window.matchMedia(WIDE);
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}

function FilterField({ filter, value, onChange }: { filter: Filter; value?: string; onChange: (v?: string) => void }) {
  const t = useText(messages);
  const [text, setText] = useState(value ?? '');
  useEffect(() => setText(value ?? ''), [value]);
  if (filter.options) {
    return (
      <Select
        allowClear
        aria-label={filter.title}
        placeholder={filter.title}
        value={value}
        onChange={onChange}
        options={filter.options}
        style={{ width: filter.width ?? 150 }}
        showSearch={{ optionFilterProp: 'label' }}
      />
    );
  }
  return (
    <Input.Search
      allowClear
      aria-label={filter.title}
      placeholder={filter.title}
      value={text}
      enterButton={false}
      onChange={(e) => {
        setText(e.target.value);
        if (!e.target.value) onChange(undefined);
      }}
      onSearch={(v) => onChange(v.trim() || undefined)}
      style={{ width: filter.width ?? 240 }}
      title={t('search')}
      data-list-search
    />
  );
}

function ColumnChoice<T, S extends string>({
  columns,
  visible,
  onChange,
}: {
  columns: Column<T, S>[];
  visible: Column<T, S>[];
  onChange: (keys: string[]) => void;
}) {
  const keys = visible.map((c) => c.key);
  return (
    <div className="stack tight">
      {columns.map((c, i) => (
        <Checkbox
          key={c.key}
          disabled={i === 0}
          checked={keys.includes(c.key)}
          onChange={(e) =>
            onChange(
              e.target.checked
                ? columns.map((x) => x.key).filter((k) => keys.includes(k) || k === c.key)
                : keys.filter((k) => k !== c.key),
            )
          }
        >
          {c.title}
        </Checkbox>
      ))}
    </div>
  );
}

function ExportButton<P extends WholeList>({
  id,
  exports,
  rows,
  visible,
  query,
}: ListPageProps<P> & { rows: Row<P>[]; visible: Column<Row<P>>[]; query: object }) {
  const t = useText(messages);
  if (exports) {
    return (
      <Dropdown
        trigger={['click']}
        menu={{
          items: exports.formats.map((format) => ({
            key: format,
            label: (
              <a href={addressOf(exports.path, { query: { ...query, format } })} download>
                {format.toUpperCase()}
              </a>
            ),
          })),
        }}
      >
        <Button>{t('export')}</Button>
      </Dropdown>
    );
  }
  const columns = visible.filter((c) => c.text);
  if (columns.length === 0) return null;
  return (
    <Button
      disabled={rows.length === 0}
      onClick={() =>
        download(
          `${id}.csv`,
          csv(
            columns.map((c) => c.title),
            rows.map((r) => columns.map((c) => c.text?.(r) ?? '')),
          ),
          'text/csv;charset=utf-8',
        )
      }
    >
      {t('exportPage')}
    </Button>
  );
}
