// What the editor edits: one version of an entry, incomplete while a draft.

import type { Schema } from '../../api/operation';
import type { Item, Resource } from '../../api/types';

export type Document = Schema<'CatalogDocument'>;

export const EMPTY: Document = {
  title: '',
  summary: '',
  responsible_id: null,
  division_code: null,
  subject: '',
  format: 'database',
  data_type: 'structured',
  libraries: [],
  items: [],
  sharing: { attribute: null, condition: null, reason: null, grounds: [], basis: null, modes: ['verify', 'query'] },
  opening: { attribute: null, condition: null, reason: null, grounds: [], basis: null, treatment: null },
  update_frequency: '',
  time_span: null,
  volume: null,
  grade: null,
  collection_state: null,
  channels: ['interface'],
  related: [],
};

/**
 * What stands for itself (the provider, its division, whether data was collected)
 * is not stated: stating it would look like a change. Empty grounds are left out of the answer.
 */
export const documentOf = (r: Resource, ownDivision?: string): Document => ({
  title: r.title,
  summary: r.summary,
  responsible_id: r.responsible.id === r.provider.id ? null : r.responsible.id,
  division_code: r.division.code === ownDivision ? null : r.division.code,
  subject: r.subject,
  format: r.format,
  data_type: r.data_type,
  libraries: r.libraries,
  items: r.items,
  sharing: { ...r.sharing, grounds: r.sharing.grounds ?? [] },
  opening: { ...r.opening, grounds: r.opening.grounds ?? [] },
  update_frequency: r.update_frequency,
  time_span: r.time_span ?? null,
  volume: r.volume ?? null,
  grade: r.grade ?? null,
  collection_state: null,
  channels: r.channels,
  related: r.related.map((other) => other.id),
});

/** The first save gives each new item its id; without it the next save would make it another item. */
export function withIds(document: Document, saved: Item[]): Document {
  const items = document.items.map((item) =>
    item.id ? item : { ...item, id: saved.find((s) => s.name === item.name)?.id ?? null },
  );
  return { ...document, items };
}

export const emptyItem = (): Item => ({
  id: null,
  name: '',
  title: '',
  meaning: '',
  type: 'string',
  length: null,
  scale: null,
  format: null,
  code_set: null,
  data_element: null,
  identifier: null,
  key: false,
  nullable: true,
  grade: 'L2',
  sharing: null,
  opening: null,
});

const TYPES: Record<string, Item['type']> = {
  文本: 'string',
  字符: 'string',
  字符型: 'string',
  字符串: 'string',
  varchar: 'string',
  char: 'string',
  text: 'string',
  string: 'string',
  整数: 'integer',
  整型: 'integer',
  数值: 'decimal',
  int: 'integer',
  bigint: 'integer',
  integer: 'integer',
  小数: 'decimal',
  数值型: 'decimal',
  decimal: 'decimal',
  number: 'decimal',
  numeric: 'decimal',
  double: 'decimal',
  float: 'decimal',
  日期: 'date',
  日期型: 'date',
  date: 'date',
  日期时间: 'datetime',
  时间: 'datetime',
  datetime: 'datetime',
  timestamp: 'datetime',
  是否: 'boolean',
  布尔: 'boolean',
  boolean: 'boolean',
  bool: 'boolean',
};
const YES = /^(是|y|yes|true|1|√|✓|pk|主键)$/i;

/** Rows as a spreadsheet gives them: title, column name, meaning, type, length, key, nullable, grade. A head row is skipped. */
export function itemsFromText(text: string): Item[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.split('\t').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')))
    .filter((cells) => cells.some(Boolean) && !/^(中文名|名称|title)/i.test(cells[0] ?? ''))
    .map(([title = '', name = '', meaning = '', type = '', length = '', key = '', nullable = '', grade = '']) => ({
      ...emptyItem(),
      title,
      name,
      meaning,
      type: TYPES[type.toLowerCase()] ?? 'string',
      length: Number.parseInt(length, 10) || null,
      key: YES.test(key),
      nullable: !YES.test(key) && (!nullable || YES.test(nullable)),
      grade: (/^L?[1-4]$/i.test(grade) ? `L${grade.slice(-1)}` : 'L2') as Item['grade'],
    }));
}
