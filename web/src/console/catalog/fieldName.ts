// Of a mistake in an item: which item, which column. The other fields' own words say enough.

import type { Text } from '../../i18n';
import type { messages } from './messages';

type Name = keyof (typeof messages)['zh'];

const COLUMNS: Record<string, Name> = {
  name: 'itemName',
  title: 'itemTitle',
  meaning: 'meaning',
  type: 'type',
  length: 'length',
  scale: 'scale',
  identifier: 'identifier',
  nullable: 'nullable',
  grade: 'grade',
  opening: 'itemOpening',
};

export function fieldName(t: Text<Name>, path: string): string | undefined {
  const item = /^items\[(\d+)\](?:\.(\w+))?$/.exec(path);
  if (!item) return undefined;
  const n = Number(item[1]) + 1;
  const column = COLUMNS[item[2] ?? ''];
  return column ? t('itemField', { n, field: t(column) }) : t('itemAt', { n });
}
