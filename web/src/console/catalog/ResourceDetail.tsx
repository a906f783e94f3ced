import { Link, useParams } from '@tanstack/react-router';
import { App, Button, Input, Modal, Tabs } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Resource } from '../../api/types';
import { amount, day, moment } from '../../format';
import { bracketed, separator, textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { AttributeTag, GradeMark, ModeTags } from '../../ui/Tags';
import { ButtonLink } from '../frame/ButtonLink';
import { useAddress, useGo } from '../frame/search';
import { DataTab } from './DataTab';
import { messages } from './messages';
import { ItemsTable, StateTag, useCart, useGrounds, useVocabulary } from './shared';

export function ResourceDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const resource = useGet('/resources/{id}', { path: { id } });
  return <Loaded query={resource}>{(r) => <Detail r={r} />}</Loaded>;
}

function Detail({ r }: { r: Resource }) {
  const t = useText(messages);
  const vocabulary = useVocabulary();
  const [address, setAddress] = useAddress();
  const timeline = useGet('/resources/{id}/timeline', { path: { id: r.id } });
  const [picked, setPicked] = useState(new Set<string>());
  const may = useMay();
  const cart = useCart();
  const published = r.state === 'published' || r.state === 'revising';
  return (
    <>
      <PageHead
        title={r.title || t('none')}
        crumbs={
          <>
            <Link to={'/catalog' as never}>{t('title')}</Link>
            <span>·</span>
            <code>{r.code}</code>
          </>
        }
        lead={r.summary}
        action={<Actions r={r} picked={picked} />}
      />
      <FactStrip
        facts={[
          { label: t('state'), value: <StateTag state={r.state} /> },
          { label: t('provider'), value: r.provider.name },
          { label: t('sharing'), value: <AttributeTag kind="sharing" value={r.sharing.attribute} /> },
          { label: t('opening'), value: <AttributeTag kind="opening" value={r.opening.attribute} /> },
          { label: t('frequency'), value: vocabulary.name('frequencies', r.update_frequency) || '—' },
        ]}
      />
      <div className="split" style={{ marginTop: 16 }}>
        <section className="surface padded">
          <Tabs
            activeKey={address.tab ?? 'items'}
            onChange={(tab) => setAddress({ tab: tab === 'items' ? undefined : tab }, true)}
            items={[
              {
                key: 'items',
                label: `${t('items')} ${r.items.length}`,
                children: (
                  <ItemsTable
                    items={r.items}
                    picked={picked}
                    onPick={published && may('sharing.apply') ? setPicked : undefined}
                  />
                ),
              },
              { key: 'overview', label: t('overview'), children: <Overview r={r} /> },
              { key: 'data', label: t('data'), children: <DataTab resource={r} /> },
            ]}
          />
          {picked.size > 0 && (
            <Button
              type="primary"
              style={{ marginTop: 12 }}
              onClick={() => cart.add([{ resource_id: r.id, item_ids: [...picked] }])}
            >
              {bracketed(t('addToCart'), picked.size)}
            </Button>
          )}
        </section>
        <div className="right">
          <ProcedurePanel timeline={timeline.data} />
        </div>
      </div>
    </>
  );
}

function Actions({ r, picked }: { r: Resource; picked: Set<string> }) {
  const t = useText(messages);
  const go = useGo();
  const { message } = App.useApp();
  const may = useMay();
  const cart = useCart();
  const [withdrawing, setWithdrawing] = useState(false);
  const can = (action: string) => r.actions.includes(action);
  const submit = useAct(
    () => post('/resources/{id}/submit', { path: { id: r.id }, body: { revision: r.revision } }),
    () => {
      message.success(t('submitted'));
    },
  );
  const revise = useAct(
    () => post('/resources/{id}/revise', { path: { id: r.id }, body: { revision: r.revision } }),
    () => go(`/catalog/${r.id}/edit`),
  );
  const error = submit.error ?? revise.error;
  return (
    <div className="stack tight">
      <div className="row">
        <ButtonLink to={`/catalog/${r.id}/versions`}>{t('versions')}</ButtonLink>
        {can('withdraw') && <Button onClick={() => setWithdrawing(true)}>{t('withdraw')}</Button>}
        {can('revise') && (
          <Button loading={revise.isPending} onClick={() => revise.mutate(undefined)}>
            {t('revise')}
          </Button>
        )}
        {can('edit') && <Button onClick={() => go(`/catalog/${r.id}/edit`)}>{t('edit')}</Button>}
        {can('submit') && (
          <Button type="primary" loading={submit.isPending} onClick={() => submit.mutate(undefined)}>
            {t('submit')}
          </Button>
        )}
        {can('review') && (
          <Button type="primary" onClick={() => go(`/catalog/${r.id}/review`)}>
            {t('review')}
          </Button>
        )}
        {may('sharing.apply') && ['published', 'revising'].includes(r.state) && (
          <Button
            type="primary"
            onClick={() =>
              cart.add([
                { resource_id: r.id, item_ids: picked.size ? [...picked] : r.items.flatMap((i) => i.id ?? []) },
              ])
            }
          >
            {t('addToCart')}
          </Button>
        )}
      </div>
      {error && <ErrorView error={error} inline />}
      <Withdraw r={r} open={withdrawing} close={() => setWithdrawing(false)} />
    </div>
  );
}

function Withdraw({ r, open, close }: { r: Resource; open: boolean; close: () => void }) {
  const t = useText(messages);
  const [reason, setReason] = useState('');
  const act = useAct(
    () => post('/resources/{id}/withdraw', { path: { id: r.id }, body: { reason, revision: r.revision } }),
    close,
  );
  return (
    <Modal
      open={open}
      title={t('withdraw')}
      okText={t('withdraw')}
      okButtonProps={{ danger: true, disabled: !reason.trim(), loading: act.isPending }}
      onOk={() => act.mutate(undefined)}
      onCancel={close}
    >
      <div className="stack">
        <p className="soft">{t('withdrawHint')}</p>
        <Input.TextArea
          aria-label={t('withdrawReason')}
          placeholder={t('withdrawReason')}
          rows={3}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
        />
        {act.error && <ErrorView error={act.error} inline />}
      </div>
    </Modal>
  );
}

export function Overview({ r }: { r: Resource }) {
  const t = useText(messages);
  const { lang } = useLang();
  const v = useVocabulary();
  const sharingGrounds = useGrounds('sharing');
  const openingGrounds = useGrounds('opening');
  const span = r.time_span;
  const spanText = span && `${span.from ? day(span.from, lang) : ''} — ${span.to ? day(span.to, lang) : t('validUntil')}`;
  const pairs: [string, React.ReactNode][] = [
    [t('code'), <code key="code">{r.code}</code>],
    [t('responsible'), r.responsible.name],
    [t('division'), r.division.name],
    [t('subject'), v.name('subjects', r.subject)],
    [t('library'), r.libraries.map(v.library).join(separator())],
    [t('format'), v.name('formats', r.format)],
    [t('dataType'), v.name('data_types', r.data_type)],
    [t('grade'), <GradeMark key="grade" grade={r.grade} />],
    [t('collectionState'), textOf(messages, lang, `collection_${r.collection_state}`)],
    [t('volume'), r.volume == null ? null : t('rowsUnit', { n: amount(r.volume, lang) })],
    [t('timeSpan'), spanText],
    [t('channels'), r.channels.map((c) => v.name('channels', c)).join(separator())],
    [t('modes'), r.sharing.modes.length > 0 && <ModeTags key="modes" modes={r.sharing.modes} />],
    [t('sharing_condition'), r.sharing.condition],
    [t('sharing_reason'), r.sharing.reason],
    [t('sharing_grounds'), (r.sharing.grounds ?? []).map(sharingGrounds.name).join(separator())],
    [t('sharing_basis'), r.sharing.basis],
    [t('opening_condition'), r.opening.condition],
    [t('opening_reason'), r.opening.reason],
    [t('opening_grounds'), (r.opening.grounds ?? []).map(openingGrounds.name).join(separator())],
    [t('opening_basis'), r.opening.basis],
    [t('treatment'), r.opening.treatment],
    [t('version'), t('versionNo', { n: r.version })],
    [t('publishedAt'), r.published_at ? moment(r.published_at, lang) : null],
    [t('updatedAt'), moment(r.updated_at, lang)],
  ];
  return (
    <dl className="pairs">
      {pairs
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label} style={{ display: 'contents' }}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
