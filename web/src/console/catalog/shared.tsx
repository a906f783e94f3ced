// What several pages of the catalog need: vocabulary, state tag, cart, items.

import { useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { get, put } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useGet } from '../../api/query';
import type { Item } from '../../api/types';
import { bracketed, textOf, useLang, useText } from '../../i18n';
import { type Column, DataTable } from '../../ui/console/DataTable';
import { GradeMark, Tag, type Tone, useTypeName } from '../../ui/Tags';
import { messages } from './messages';

type Vocabulary = Schema<'CatalogVocabulary'>;

/** The lists an entry chooses from, and the name of a code in the reader's language. */
export function useVocabulary() {
  const { lang } = useLang();
  const query = useGet('/catalog/vocabulary', {}, { staleTime: Number.POSITIVE_INFINITY });
  const lists = query.data;
  const options = (list: keyof Vocabulary) =>
    (lists?.[list] ?? []).map((term) => ({ value: term.code, label: term[lang] }));
  const name = (list: keyof Vocabulary, code: string | null | undefined) =>
    lists?.[list].find((term) => term.code === code)?.[lang] ?? code ?? '';
  const library = (code: string) =>
    [...(lists?.base_libraries ?? []), ...(lists?.thematic_libraries ?? [])].find((t) => t.code === code)?.[lang] ??
    code;
  return { options, name, library };
}

/** 情形 of the rule set in force, each with its article. */
export function useGrounds(area: 'sharing' | 'opening') {
  const grounds = useGet(
    '/rule-set/grounds',
    { query: { for: area } },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  const list = grounds.data ?? [];
  const name = (code: string) => {
    const ground = list.find((g) => g.code === code);
    return ground ? bracketed(ground.title, ground.article.citation) : code;
  };
  return { list, name };
}

const TONES: Record<string, Tone> = {
  published: 'good',
  in_review: 'ink',
  returned: 'warn',
  superseded: 'plain',
  revising: 'ink',
  withdrawn: 'bad',
};

export function StateTag({ state }: { state: string }) {
  const { lang } = useLang();
  return <Tag tone={TONES[state] ?? 'plain'}>{textOf(messages, lang, `state_${state}`)}</Tag>;
}

/** 申购车: what is to be requested, resource by resource. */
export function useCart() {
  const t = useText(messages);
  const { message } = App.useApp();
  const client = useQueryClient();
  const add = async (lines: Schema<'ShareLine'>[]) => {
    const cart = await get('/cart');
    // A resource taken from a list is taken with all its items; the cart is where some are left out.
    for (const line of lines.filter((l) => l.item_ids.length === 0)) {
      const resource = await get('/resources/{id}', { path: { id: line.resource_id } });
      line.item_ids = resource.items.flatMap((i) => i.id ?? []);
    }
    const rest = cart.items.filter((old) => !lines.some((line) => line.resource_id === old.resource_id));
    const merged = lines.map((line) => {
      const old = cart.items.find((o) => o.resource_id === line.resource_id);
      return { ...line, item_ids: [...new Set([...(old?.item_ids ?? []), ...line.item_ids])] };
    });
    await put('/cart', { body: { items: [...rest, ...merged] } });
    await client.invalidateQueries({ queryKey: ['/cart'] });
    message.success(t('addedToCart'));
  };
  return { add };
}

/** Where the search found its words, marked. */
export function Highlight({ of }: { of: Schema<'Highlight'> }) {
  return of.pieces.map((piece, i) => (piece.hit ? <mark key={i}>{piece.text}</mark> : piece.text));
}

export function ItemsTable({
  items,
  picked,
  onPick,
  brief,
}: {
  items: Item[];
  picked?: Set<string>;
  onPick?: (p: Set<string>) => void;
  /** Only what fits a side panel. */
  brief?: boolean;
}) {
  const t = useText(messages);
  const { lang } = useLang();
  const typeName = useTypeName();
  const columns: Column<Item>[] = [
    {
      key: 'title',
      title: t('itemTitle'),
      narrow: true,
      render: (i) => (
        <span className="title-cell">
          <span className="row">
            {i.title}
            {i.key && <Tag tone="ink">{t('key')}</Tag>}
          </span>
          <code className="faint">{i.name}</code>
        </span>
      ),
    },
    {
      key: 'type',
      title: t('type'),
      nowrap: true,
      narrow: true,
      render: (i) => i.length ? bracketed(typeName(i.type ?? ''), i.scale ? `${i.length}, ${i.scale}` : i.length) : typeName(i.type ?? ''),
    },
    { key: 'grade', title: t('grade'), render: (i) => <GradeMark grade={i.grade} /> },
    { key: 'nullable', title: t('nullable'), render: (i) => (i.nullable ? t('yes') : t('no')) },
    {
      key: 'identifier',
      title: t('identifier'),
      nowrap: true,
      render: (i) => (i.identifier ? textOf(messages, lang, `id_${i.identifier}`) : ''),
    },
    { key: 'meaning', title: t('meaning'), width: '30%', render: (i) => <span className="soft">{i.meaning}</span> },
  ];
  return (
    <DataTable
      caption={t('items')}
      compact
      columns={brief ? columns.slice(0, 3) : columns}
      rows={items}
      rowKey={(i) => i.id ?? i.name}
      picked={picked}
      onPick={onPick}
    />
  );
}
