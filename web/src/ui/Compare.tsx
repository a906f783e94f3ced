// Two versions of an entry: what of the entry changed, then item by item.

import type { Schema } from '../api/operation';
import { separator, useText } from '../i18n';
import { messages } from './messages';
import './states.css';
import { Tag, type Tone } from './Tags';

type FieldChange = Schema<'CatalogFieldChange'>;
type ItemChange = Schema<'CatalogItemChange'>;

const TONE: Record<ItemChange['change'], Tone> = { added: 'good', removed: 'bad', changed: 'warn' };

export function Compare({
  comparison,
  valueName,
}: {
  comparison: Schema<'CatalogComparison'>;
  /** Names a value of a field in the reader's language (`restricted` → 受限). */
  valueName?: (path: string, value: unknown) => string | undefined;
}) {
  const t = useText(messages);
  const show = (path: string, value: unknown): string => {
    if (value === null || value === undefined || value === '') return '';
    const named = valueName?.(path, value);
    if (named !== undefined) return named;
    if (Array.isArray(value)) return value.map((v) => show(path, v)).join(separator());
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  if (!comparison.fields.length && !comparison.items.length) return <p className="soft">{t('noChange')}</p>;
  return (
    <div className="stack compare">
      {comparison.fields.length > 0 && (
        <div>
          <h2>{t('entryChanges')}</h2>
          <Changes fields={comparison.fields} show={show} />
        </div>
      )}
      {comparison.items.length > 0 && (
        <div>
          <h2>{t('itemChanges')}</h2>
          {comparison.items.map((item) => (
            <div key={item.name} className="stack tight" style={{ padding: 'var(--s2) 0' }}>
              <div className="row">
                <Tag tone={TONE[item.change]}>{t(item.change)}</Tag>
                <strong>{item.title || item.name}</strong>
                <code className="faint">{item.title ? item.name : ''}</code>
              </div>
              {item.fields.length > 0 && <Changes fields={item.fields} show={show} />}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Changes({ fields, show }: { fields: FieldChange[]; show: (path: string, value: unknown) => string }) {
  const t = useText(messages);
  return (
    <div className="table-scroll">
      <table className="table compact compare-table">
        <thead>
          <tr>
            <th scope="col">{t('field')}</th>
            <th scope="col">{t('before')}</th>
            <th scope="col">{t('after')}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((f) => (
            <tr key={f.path}>
              <td className="soft nowrap">{f.title || f.path}</td>
              <td>
                {show(f.path, f.from) ? (
                  <del>{show(f.path, f.from)}</del>
                ) : (
                  <span className="cell-null">{t('empty')}</span>
                )}
              </td>
              <td>
                {show(f.path, f.to) ? <ins>{show(f.path, f.to)}</ins> : <span className="cell-null">{t('empty')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
