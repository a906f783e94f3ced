import { useEndless } from '../api/query';
import { number } from '../format';
import { useText } from '../i18n';
import { Icon } from '../ui/icons';
import { ErrorView, Skeleton } from '../ui/States';
import { useAddress } from './address';
import { CardRow } from './Card';
import { messages } from './messages';
import { Notice } from './Notice';
import { SearchBox } from './SearchBox';
import { useTitle } from './title';
import type { DatasetList, FacetName, FacetValue } from './types';

const FACETS: FacetName[] = ['subject', 'opener', 'division', 'format', 'frequency', 'keyword'];
const SORTS = ['relevance', 'updated', 'used', 'rows', 'title'] as const;

export function List() {
  const t = useText(messages);
  const [search, set] = useAddress();
  useTitle(t('listTitle'));
  const { q, subject, opener, division, format, frequency, keyword } = search;
  const sort = SORTS.find((s) => s === search.sort);
  const found = useEndless('/datasets', {
    query: { q, sort, subject, opener, division, format, frequency, keyword, limit: 20 },
  });
  const first = found.data?.[0];
  const cards = found.data?.flatMap((p) => p.items) ?? [];
  return (
    <div className="wide page list-page">
      <header className="list-head">
        <h1>{t('listTitle')}</h1>
        <p className="soft">{t('listLead')}</p>
        <SearchBox value={search.q ?? ''} onSearch={(q) => set({ q })} />
      </header>
      <Facets facets={first?.facets} />
      <section aria-live="polite" aria-busy={found.isFetching}>
        <div className="row apart list-bar">
          <strong>{first ? t('found', { n: number(first.total) }) : t('loading')}</strong>
          <label className="row">
            <span className="soft">{t('sort')}</span>
            <select value={search.sort ?? 'relevance'} onChange={(e) => set({ sort: e.target.value })}>
              {SORTS.map((s) => (
                <option key={s} value={s}>
                  {t(`s_${s}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Chosen facets={first?.facets} />
        {found.error ? (
          <ErrorView error={found.error} retry={() => found.refetch()} />
        ) : !first ? (
          <Skeleton lines={9} />
        ) : cards.length === 0 ? (
          <Notice title={t('none')}>{t('noneNext')}</Notice>
        ) : (
          <ul className="card-rows">
            {cards.map((card) => (
              <CardRow key={card.id} card={card} level={2} />
            ))}
          </ul>
        )}
        {found.hasNextPage && (
          <p className="list-more">
            <button
              type="button"
              className="button"
              disabled={found.isFetchingNextPage}
              onClick={() => found.fetchNextPage()}
            >
              {t('more')}
            </button>
          </p>
        )}
      </section>
    </div>
  );
}

const chosen = (search: Record<string, string>, facet: string) => (search[facet] ?? '').split(',').filter(Boolean);

function Facets({ facets }: { facets: DatasetList['facets'] | undefined }) {
  const t = useText(messages);
  const narrow = window.matchMedia('(max-width: 860px)').matches;
  return (
    <aside className="facets" aria-label={t('filters')}>
      <details open={!narrow}>
        <summary>{t('filters')}</summary>
        {FACETS.map((name) => (
          <Facet key={name} name={name} values={facets?.[name] ?? []} />
        ))}
      </details>
    </aside>
  );
}

function Facet({ name, values }: { name: FacetName; values: FacetValue[] }) {
  const t = useText(messages);
  const [search, set] = useAddress();
  const on = chosen(search, name);
  if (values.length === 0) return null;
  const toggle = (value: string) => {
    const next = on.includes(value) ? on.filter((v) => v !== value) : [...on, value];
    set({ [name]: next.join(',') || undefined });
  };
  const line = (v: FacetValue) => (
    <label key={v.value} className="facet-value">
      <input type="checkbox" checked={on.includes(v.value)} onChange={() => toggle(v.value)} />
      <span>{v.title}</span>
      <span className="faint tabular">{number(v.count)}</span>
    </label>
  );
  const [head, rest] = [values.slice(0, 6), values.slice(6)];
  return (
    <fieldset className="facet">
      <legend>{t(`f_${name}`)}</legend>
      {head.map(line)}
      {rest.length > 0 && (
        <details>
          <summary className="small">{t('moreValues')}</summary>
          {rest.map(line)}
        </details>
      )}
    </fieldset>
  );
}

function Chosen({ facets }: { facets: DatasetList['facets'] | undefined }) {
  const t = useText(messages);
  const [search, set] = useAddress();
  const all = FACETS.flatMap((name) =>
    chosen(search, name).map((value) => ({
      name,
      value,
      title: facets?.[name].find((v) => v.value === value)?.title ?? value,
    })),
  );
  if (all.length === 0) return null;
  return (
    <div className="row chosen">
      {all.map(({ name, value, title }) => (
        <button
          type="button"
          key={name + value}
          className="chip"
          aria-label={t('remove', { what: title })}
          onClick={() =>
            set({
              [name]:
                chosen(search, name)
                  .filter((v) => v !== value)
                  .join(',') || undefined,
            })
          }
        >
          {title}
          <Icon name="cross" size={12} />
        </button>
      ))}
      <button
        type="button"
        className="link-button"
        onClick={() => set(Object.fromEntries(FACETS.map((f) => [f, undefined])))}
      >
        {t('clear')}
      </button>
    </div>
  );
}
