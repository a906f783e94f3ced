import { textOf, useLang, useText } from '../../i18n';
import { Tag } from '../../ui/Tags';
import { messages } from '../messages';
import type { DictionaryItem } from '../types';

export function Dictionary({ items }: { items: DictionaryItem[] }) {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={t('dictionary')}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('dName')}</th>
            <th scope="col">{t('dItem')}</th>
            <th scope="col">{t('dMeaning')}</th>
            <th scope="col">{t('dType')}</th>
            <th scope="col" className="num">
              {t('dLength')}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((i) => (
            <tr key={i.id}>
              <th scope="row" className="row-name">
                {i.title} {i.key && <Tag tone="ink">{t('keyItem')}</Tag>}{' '}
                {i.mask && <Tag icon="lock">{t('maskedItem')}</Tag>}
              </th>
              <td>
                <code>{i.name}</code>
              </td>
              <td className="meaning">
                {i.meaning || '—'}
                {i.codes && i.codes.length > 0 && (
                  <details className="small">
                    <summary>{t('codeTitles', { n: i.codes.length })}</summary>
                    {i.codes.map((c) => (
                      <div key={c.code}>
                        <code>{c.code}</code> {lang === 'en' ? c.title_en || c.title : c.title}
                      </div>
                    ))}
                  </details>
                )}
              </td>
              <td className="nowrap">{textOf(messages, lang, `type_${i.type}`)}</td>
              <td className="num">{i.length ?? '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
