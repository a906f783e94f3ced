import { Button, Drawer, Input, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { moment } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useHasRole, useSession } from '../../session';
import { DataTable } from '../../ui/console/DataTable';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { ErrorView } from '../../ui/States';
import { ModeTags, Tag } from '../../ui/Tags';
import { messages } from './messages';

type Call = Schema<'AccessRecord'>;

const itemNames = (call: Call) => call.items.join(separator());
/** Refusals that people look for; any other is in the log under its code. */
const OUTCOMES = [
  'ok',
  'gateway.not_granted',
  'gateway.item_not_granted',
  'gateway.grant_suspended',
  'gateway.grant_expired',
  'gateway.address_not_allowed',
  'gateway.rate',
];
const isOk = (call: Call) => call.outcome === 'ok';

/** The outcome as people say it; a refusal nobody named keeps its code. */
const outcomeKey = (outcome: string) => outcome.replace(/^gateway\./, 'out_');

function OutcomeTag({ call }: { call: Call }) {
  const t = useText(messages);
  const { lang } = useLang();
  const reason = call.code ? textOf(messages, lang, outcomeKey(call.code)) : '';
  return (
    <Tag tone={isOk(call) ? 'good' : 'bad'} icon={isOk(call) ? 'check' : 'ban'}>
      {isOk(call) ? t('ok') : reason.startsWith('out_') || !reason ? t('refused') : reason}
    </Tag>
  );
}

export function AccessLog() {
  const t = useText(messages);
  const { lang } = useLang();
  const has = useHasRole();
  const [asking, setAsking] = useState(false);
  const outcomeName = (o: string) => (o === 'ok' ? t('ok') : textOf(messages, lang, outcomeKey(o)));
  return (
    <>
      <PageHead
        title={t('logTitle')}
        lead={t('logLead')}
        action={
          has('approver', 'data_manager', 'auditor') ? (
            <Button type="primary" onClick={() => setAsking(true)}>
              {t('byRecord')}
            </Button>
          ) : undefined
        }
      />
      <ListPage
        id="access-log"
        path="/access-log"
        caption={t('logCaption')}
        filters={[
          {
            key: 'outcome',
            title: t('outcome'),
            options: OUTCOMES.map((o) => ({ value: o, label: outcomeName(o) })),
          },
        ]}
        exports={{ path: '/access-log/export', formats: ['csv'] }}
        rowKey={(c) => c.id}
        rowTitle={() => t('detail')}
        panel={(c) => (
          <dl className="pairs">
            <dt>{t('at')}</dt>
            <dd className="tabular">{moment(c.at, lang, true)}</dd>
            <dt>{t('resource')}</dt>
            <dd>{c.resource?.title}</dd>
            <dt>{t('consumer')}</dt>
            <dd>{c.consumer?.name}</dd>
            <dt>{t('application')}</dt>
            <dd>{c.application?.name}</dd>
            <dt>{t('scenarioOf')}</dt>
            <dd>{c.scenario}</dd>
            <dt>{t('itemsRead')}</dt>
            <dd>{itemNames(c)}</dd>
            <dt>{t('outcome')}</dt>
            <dd>
              <OutcomeTag call={c} /> {c.code && <code>{c.code}</code>}
            </dd>
            <dt>{t('requestId')}</dt>
            <dd>
              <code>{c.request_id}</code>
            </dd>
          </dl>
        )}
        columns={[
          {
            key: 'at',
            title: t('at'),
            nowrap: true,
            narrow: true,
            text: (c) => moment(c.at, lang, true),
            render: (c) => <span className="tabular">{moment(c.at, lang, true)}</span>,
          },
          {
            key: 'resource',
            title: t('resource'),
            text: (c) => c.resource?.title ?? '',
            render: (c) => c.resource?.title ?? '',
          },
          {
            key: 'application',
            title: t('application'),
            narrow: true,
            text: (c) => c.application?.name ?? '',
            render: (c) => (
              <span className="title-cell">
                {c.application?.name}
                <span className="faint small">{c.consumer?.name}</span>
              </span>
            ),
          },
          { key: 'scenario', title: t('scenarioOf'), text: (c) => c.scenario ?? '', render: (c) => c.scenario ?? '' },
          { key: 'mode', title: t('modeOf'), render: (c) => (c.mode ? <ModeTags modes={[c.mode]} /> : '') },
          {
            key: 'items',
            title: t('itemsRead'),
            text: itemNames,
            render: (c) => <span className="soft">{itemNames(c)}</span>,
          },
          {
            key: 'outcome',
            title: t('outcome'),
            narrow: true,
            text: (c) => c.code ?? c.outcome,
            render: (c) => <OutcomeTag call={c} />,
          },
        ]}
        empty={{ title: t('noLog'), text: t('noLogText') }}
      />
      <Drawer open={asking} onClose={() => setAsking(false)} title={t('byRecord')} size={720}>
        {asking && <ByRecord />}
      </Drawer>
    </>
  );
}

/** Who read this record: the key goes in the body, never in an address. */
function ByRecord() {
  const t = useText(messages);
  const { lang } = useLang();
  const { actor } = useSession();
  const has = useHasRole();
  const resources = useGet('/resources', {
    query: { limit: 200, unit: has('auditor') ? undefined : actor.institution?.id },
  });
  const [resource, setResource] = useState<string>();
  const [key, setKey] = useState('');
  const ask = useAct(() =>
    post('/access-log/by-record', { body: { resource_id: resource ?? '', key_value: key.trim() } }),
  );
  const calls = ask.data?.items;
  return (
    <div className="stack">
      <p className="soft">{t('byRecordLead')}</p>
      <div className="field">
        <label htmlFor="by-resource">{t('resource')}</label>
        <Select
          id="by-resource"
          value={resource}
          onChange={setResource}
          options={(resources.data?.items ?? []).map((r) => ({ value: r.id, label: r.title }))}
          showSearch={{ optionFilterProp: 'label' }}
        />
      </div>
      <div className="field">
        <label htmlFor="by-key">{t('keyValue')}</label>
        <Input
          id="by-key"
          value={key}
          autoComplete="off"
          onChange={(e) => setKey(e.target.value)}
          onPressEnter={() => ask.mutate(undefined)}
        />
      </div>
      <div>
        <Button
          type="primary"
          disabled={!resource || !key.trim()}
          loading={ask.isPending}
          onClick={() => ask.mutate(undefined)}
        >
          {t('lookUp')}
        </Button>
      </div>
      {ask.error && <ErrorView error={ask.error} inline />}
      {calls && calls.length === 0 && <p className="soft">{t('nobody')}</p>}
      {calls && calls.length > 0 && (
        <DataTable
          caption={t('byRecord')}
          compact
          rows={calls}
          rowKey={(c) => c.id}
          columns={[
            {
              key: 'at',
              title: t('at'),
              narrow: true,
              nowrap: true,
              render: (c) => <span className="tabular">{moment(c.at, lang, true)}</span>,
            },
            {
              key: 'who',
              title: t('consumer'),
              narrow: true,
              render: (c) => [c.consumer?.name, c.application?.name].filter(Boolean).join(' · '),
            },
            { key: 'scenario', title: t('scenarioOf'), narrow: true, render: (c) => c.scenario ?? '' },
            { key: 'items', title: t('itemsRead'), render: (c) => <span className="soft">{itemNames(c)}</span> },
          ]}
        />
      )}
    </div>
  );
}
