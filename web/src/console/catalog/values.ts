// Values of an entry's fields in the reader's language, for comparisons.

import { useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { textOf, useLang, useText } from '../../i18n';
import { messages as ui } from '../../ui/messages';
import { messages } from './messages';
import { useGrounds, useVocabulary } from './shared';

/** `related`: the entries whose titles are known; another one stays a number. */
export function useValueName(related: Schema<'ResourceRef'>[] = []) {
  const t = useText(messages);
  const { lang } = useLang();
  const v = useVocabulary();
  const sharing = useGrounds('sharing');
  const opening = useGrounds('opening');
  const lasting = { staleTime: Number.POSITIVE_INFINITY };
  const divisions = useGet('/divisions', {}, lasting);
  const institutions = useGet('/institutions', { query: { limit: 200 } }, lasting);
  return (path: string, value: unknown): string | undefined => {
    const leaf =
      path
        .replace(/\[\d+\]/g, '')
        .split('.')
        .at(-1) ?? '';
    if (typeof value === 'boolean') return value ? t('yes') : t('no');
    if (typeof value !== 'string') return undefined;
    if (path === 'sharing.attribute' || leaf === 'sharing') return textOf(ui, lang, `sharing_${value}`);
    if (path === 'opening.attribute' || leaf === 'opening') return textOf(ui, lang, `opening_${value}`);
    if (path.startsWith('sharing.grounds')) return sharing.name(value);
    if (path.startsWith('opening.grounds')) return opening.name(value);
    switch (leaf) {
      case 'related':
        return related.find((r) => r.id === value)?.title;
      case 'responsible_id':
        return institutions.data?.items.find((i) => i.id === value)?.name;
      case 'division_code': {
        const division = divisions.data?.find((d) => d.code === value);
        return lang === 'en' ? division?.english : division?.name;
      }
      case 'modes':
        return textOf(ui, lang, `mode_${value}`);
      case 'type':
        return textOf(ui, lang, `type_${value}`);
      case 'identifier':
        return textOf(messages, lang, `id_${value}`);
      case 'subject':
        return v.name('subjects', value);
      case 'format':
        return v.name('formats', value);
      case 'data_type':
        return v.name('data_types', value);
      case 'update_frequency':
        return v.name('frequencies', value);
      case 'channels':
        return v.name('channels', value);
      case 'libraries':
        return v.library(value);
      case 'collection_state':
        return textOf(messages, lang, `collection_${value}`);
      default:
        return undefined;
    }
  };
}
