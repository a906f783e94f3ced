import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import { get, href } from '../../api/client';
import { useText } from '../../i18n';
import { ErrorView } from '../../ui/States';
import { messages } from '../messages';
import { type DatasetDetail, repeated } from '../types';
import { samples } from './samples';

export function Api({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const [query, setQuery] = useState('limit=3');
  const path = href('/datasets/{id}/rows', { path: { id: d.slug } });
  const url = `${location.origin}${path}?${query}`;
  return (
    <div className="stack">
      <p className="soft">{t('apiLead')}</p>
      <dl className="side-pairs">
        <div>
          <dt>{t('address')}</dt>
          <dd>
            <code>GET {path}</code>
          </dd>
        </div>
        <div>
          <dt>{t('ckanId')}</dt>
          <dd>
            <code>{d.api?.ckan_resource_id}</code>
          </dd>
        </div>
      </dl>
      <Try d={d} onQuery={setQuery} />
      <h3>{t('samples')}</h3>
      <Samples url={url} />
    </div>
  );
}

function Try({ d, onQuery }: { d: DatasetDetail; onQuery: (query: string) => void }) {
  const t = useText(messages);
  const [limit, setLimit] = useState('3');
  const [item, setItem] = useState('');
  const [value, setValue] = useState('');
  const [answer, setAnswer] = useState<{ text?: string; error?: unknown }>({});
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    const search = new URLSearchParams({ limit });
    const filter = item && value ? [`${item}:eq:${value}`] : [];
    for (const one of filter) search.append('filter', one);
    onQuery(search.toString());
    try {
      const query = { limit: Number(limit) || undefined, filter: repeated(filter) };
      const rows = await get('/datasets/{id}/rows', { path: { id: d.slug }, query });
      setAnswer({ text: JSON.stringify(rows, null, 2) });
    } catch (error) {
      setAnswer({ error });
    }
  };
  return (
    <form className="surface padded stack tight" onSubmit={submit}>
      <h3>{t('tryIt')}</h3>
      <div className="row try">
        <label>
          {t('filterItem')}
          <select value={item} onChange={(e) => setItem(e.target.value)}>
            <option value="">—</option>
            {d.dictionary.map((i) => (
              <option key={i.id} value={i.name}>
                {i.title}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('op_eq')}
          <input value={value} maxLength={200} onChange={(e) => setValue(e.target.value)} />
        </label>
        <label>
          {t('limit')}
          <input type="number" min={1} max={1000} value={limit} onChange={(e) => setLimit(e.target.value)} />
        </label>
        <button type="submit" className="button primary">
          {t('send')}
        </button>
      </div>
      <div aria-live="polite">
        {answer.error !== undefined && <ErrorView error={answer.error} inline />}
        {answer.text && (
          <>
            <h4 className="small soft">{t('answer')}</h4>
            <pre className="code" tabIndex={0}>
              {answer.text}
            </pre>
          </>
        )}
      </div>
    </form>
  );
}

function Samples({ url }: { url: string }) {
  const t = useText(messages);
  const id = useId();
  const [at, setAt] = useState(0);
  const all = samples(url);
  const key = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    const next = (at + step + all.length) % all.length;
    setAt(next);
    document.getElementById(`${id}-tab-${next}`)?.focus();
  };
  return (
    <div>
      <div role="tablist" aria-label={t('samples')} className="tabs" onKeyDown={key}>
        {all.map((s, i) => (
          <button
            type="button"
            role="tab"
            key={s.name}
            id={`${id}-tab-${i}`}
            aria-selected={i === at}
            aria-controls={`${id}-panel`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => setAt(i)}
          >
            {s.name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${at}`}>
        <pre className="code" tabIndex={0}>
          {all[at].code}
        </pre>
      </div>
    </div>
  );
}
