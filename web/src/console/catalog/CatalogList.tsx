import { Link } from '@tanstack/react-router';
import { Button, Select } from 'antd';
import { useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { amount, day, number } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { useMay, useSession } from '../../session';
import type { Column } from '../../ui/console/DataTable';
import { ListPage } from '../../ui/console/ListPage';
import { messages as shared } from '../../ui/messages';
import { PageHead } from '../../ui/Page';
import { AttributeTag } from '../../ui/Tags';
import { ButtonLink } from '../frame/ButtonLink';
import { useAddress } from '../frame/search';
import { Facets, UnitTree } from './Facets';
import { messages } from './messages';
import { Highlight, ItemsTable, StateTag, useCart, useVocabulary } from './shared';

type Row = Schema<'ResourceRow'>;

/** Everything that the reader may see and request. */
export function CatalogList() {
  const t = useText(messages);
  return <Resources id="resources" title={t('title')} lead={t('lead')} />;
}

/** The sub-catalog of the reader's own institution, drafts included. */
export function CatalogMine() {
  const t = useText(messages);
  const { actor } = useSession();
  return <Resources id="my-resources" title={t('mineTitle')} lead={t('mineLead')} mine={actor.institution?.id} />;
}

const STATES = ['draft', 'in_review', 'returned', 'published', 'revising', 'withdrawn'];

function Resources({ id, title, lead, mine }: { id: string; title: string; lead: string; mine?: string }) {
  const t = useText(messages);
  const ui = useText(shared);
  const { lang } = useLang();
  const may = useMay();
  const [address, setAddress] = useAddress();
  const vocabulary = useVocabulary();
  const cart = useCart();
  const units = useGet('/catalog/units', {}, { enabled: !mine, staleTime: 60_000 });
  const columns: Column<Row, 'title' | 'updated' | 'requests'>[] = [
    {
      key: 'title',
      title: t('name'),
      narrow: true,
      sort: 'title',
      text: (r) => r.title,
      render: (r) => {
        const title = r.highlights.find((h) => h.field === 'title');
        const item = r.highlights.find((h) => h.field === 'item');
        return (
          <span className="title-cell">
            <Link to={'/catalog/$id' as never} params={{ id: r.id } as never}>
              {title ? <Highlight of={title} /> : r.title || t('none')}
            </Link>
            <span className="faint small">
              <code>{r.code}</code>
              {!mine && ` · ${r.provider.name}`}
            </span>
            {item && (
              <span className="small soft">
                {t('itemsFound')} <Highlight of={item} />
              </span>
            )}
          </span>
        );
      },
    },
    {
      key: 'state',
      title: t('state'),
      hidden: !mine,
      text: (r) => textOf(messages, lang, `state_${r.state}`),
      render: (r) => <StateTag state={r.state} />,
    },
    {
      key: 'sharing',
      title: t('sharing'),
      narrow: true,
      text: (r) => (r.sharing.attribute ? textOf(shared, lang, `sharing_${r.sharing.attribute}`) : ''),
      render: (r) => <AttributeTag kind="sharing" value={r.sharing.attribute} />,
    },
    {
      key: 'opening',
      title: t('opening'),
      text: (r) => (r.opening.attribute ? textOf(shared, lang, `opening_${r.opening.attribute}`) : ''),
      render: (r) => <AttributeTag kind="opening" value={r.opening.attribute} />,
    },
    {
      key: 'subject',
      title: t('subject'),
      hidden: true,
      nowrap: true,
      text: (r) => vocabulary.name('subjects', r.subject),
      render: (r) => vocabulary.name('subjects', r.subject),
    },
    {
      key: 'frequency',
      title: t('frequency'),
      nowrap: true,
      text: (r) => vocabulary.name('frequencies', r.update_frequency),
      render: (r) => vocabulary.name('frequencies', r.update_frequency),
    },
    {
      key: 'volume',
      title: t('volume'),
      num: true,
      nowrap: true,
      text: (r) => String(r.volume ?? ''),
      render: (r) => amount(r.volume, lang),
    },
    {
      key: 'updated',
      title: t('lastUpdate'),
      nowrap: true,
      sort: 'updated',
      text: (r) => day(r.last_update ?? r.updated_at, lang),
      render: (r) => <span className="tabular">{day(r.last_update ?? r.updated_at, lang)}</span>,
    },
    {
      key: 'requests',
      title: t('requests'),
      num: true,
      sort: 'requests',
      text: (r) => String(r.requests ?? 0),
      render: (r) => number(r.requests ?? 0),
    },
    {
      key: 'visits',
      title: t('visits'),
      num: true,
      hidden: true,
      text: (r) => String(r.visits ?? 0),
      render: (r) => number(r.visits ?? 0),
    },
  ];
  const label = (kind: 'sharing' | 'opening') => (value: string) => textOf(shared, lang, `${kind}_${value}`);
  return (
    <>
      <PageHead
        title={title}
        lead={lead}
        action={
          mine && may('catalog.edit') ? (
            <ButtonLink primary to="/catalog/new">
              {t('newEntry')}
            </ButtonLink>
          ) : undefined
        }
      />
      <ListPage
        id={id}
        path="/resources"
        caption={t('caption')}
        fixed={mine ? { unit: mine } : {}}
        filters={[
          { key: 'q', title: t('search'), width: 260 },
          ...(mine
            ? [
                {
                  key: 'state' as const,
                  title: t('state'),
                  options: STATES.map((s) => ({ value: s, label: textOf(messages, lang, `state_${s}`) })),
                },
              ]
            : []),
        ]}
        tools={
          <Select
            aria-label={t('sortBy')}
            value={address.sort ?? 'relevance'}
            onChange={(sort) => setAddress({ sort })}
            style={{ width: 130 }}
            options={(['relevance', 'requests', 'updated', 'title'] as const).map((s) => ({
              value: s,
              label: t(`sort_${s}`),
            }))}
          />
        }
        columns={columns}
        rowKey={(r) => r.id}
        rowHref={(r) => `/catalog/${r.id}`}
        rowTitle={(r) => r.title}
        panel={(r) => <ResourcePanel id={r.id} />}
        bulk={
          mine || !may('sharing.apply')
            ? undefined
            : (rows, clear) => (
                <Button
                  type="primary"
                  onClick={async () => {
                    await cart.add(rows.map((r) => ({ resource_id: r.id, item_ids: [] })));
                    clear();
                  }}
                >
                  {t('addToCart')}
                </Button>
              )
        }
        exports={{ path: '/resources/export', formats: ['csv', 'xlsx'] }}
        empty={
          mine ? { title: t('emptyMine'), text: t('emptyMineText') } : { title: t('emptyTitle'), text: t('emptyText') }
        }
        aside={(page) => (
          <div className="facets">
            {!mine && (
              <UnitTree
                title={t('units')}
                units={units.data}
                chosen={address.unit}
                onChoose={(unit) => setAddress({ unit })}
              />
            )}
            <Facets
              title={t('sharing')}
              values={page?.facets.sharing}
              chosen={address.sharing}
              name={label('sharing')}
              onChoose={(v) => setAddress({ sharing: v })}
            />
            <Facets
              title={t('opening')}
              values={page?.facets.opening}
              chosen={address.opening}
              name={label('opening')}
              onChoose={(v) => setAddress({ opening: v })}
            />
            <Facets
              title={t('libraries')}
              values={page?.facets.library}
              chosen={address.library}
              name={vocabulary.library}
              onChoose={(v) => setAddress({ library: v })}
            />
            <Facets
              title={t('subject')}
              values={page?.facets.subject}
              chosen={address.subject}
              name={(v) => vocabulary.name('subjects', v)}
              onChoose={(v) => setAddress({ subject: v })}
            />
            <span className="sr-only">{ui('search')}</span>
          </div>
        )}
      />
    </>
  );
}

/** The side panel: enough to decide whether to open the page. */
function ResourcePanel({ id }: { id: string }) {
  const t = useText(messages);
  const resource = useGet('/resources/{id}', { path: { id } });
  const r = resource.data;
  if (!r) return null;
  return (
    <div className="stack">
      <p className="soft">{r.summary}</p>
      <div className="row">
        <StateTag state={r.state} />
        <AttributeTag kind="sharing" value={r.sharing.attribute} />
        <AttributeTag kind="opening" value={r.opening.attribute} />
      </div>
      {r.sharing.condition && (
        <dl className="pairs">
          <dt>{t('sharing_condition')}</dt>
          <dd>{r.sharing.condition}</dd>
        </dl>
      )}
      <ItemsTable items={r.items} brief />
    </div>
  );
}
