// Parts that requests, grants and interfaces share.

import { useGet } from '../../api/query';
import { useText } from '../../i18n';
import { GradeMark, Tag } from '../../ui/Tags';
import { messages } from './messages';
import type { ItemRef } from './types';

/** The masks that a grant can name (`rules/masks.toml`). */
export function useMasks() {
  const masks = useGet('/masks', {}, { staleTime: Number.POSITIVE_INFINITY });
  const list = masks.data?.items ?? [];
  return { list, name: (mask: string) => list.find((m) => m.name === mask)?.title ?? mask };
}

export function ItemList({ items }: { items: ItemRef[] }) {
  const t = useText(messages);
  const masks = useMasks();
  return (
    <div className="table-scroll">
      <table className="table compact">
        <thead>
          <tr>
            <th scope="col">{t('items')}</th>
            <th scope="col">{t('mask')}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((i) => (
            <tr key={i.id}>
              <td>
                <span className="row">
                  {i.title} <code className="faint">{i.name}</code> <GradeMark grade={i.grade} />
                </span>
              </td>
              <td>
                {i.mask ? <Tag tone="ink">{t('maskedAs', { mask: masks.name(i.mask) })}</Tag> : <span className="faint">{t('noMask')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
