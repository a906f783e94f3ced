import { Link, useParams } from '@tanstack/react-router';
import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { day, number } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { ListPage } from '../../ui/console/ListPage';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { ModeTags, Tag } from '../../ui/Tags';
import { ButtonLink } from '../frame/ButtonLink';
import { messages } from './messages';
import { ItemList } from './parts';
import type { Grant } from './types';

function GrantState({ state }: { state: string }) {
  const { lang } = useLang();
  const tone = state === 'active' ? 'good' : state === 'suspended' ? 'warn' : 'plain';
  return (
    <Tag tone={tone} icon={state === 'suspended' ? 'pause' : undefined}>
      {textOf(messages, lang, `state_${state}`)}
    </Tag>
  );
}

export function Grants() {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <>
      <PageHead title={t('grantsTitle')} lead={t('grantsLead')} />
      <ListPage
        id="grants"
        path="/grants"
        caption={t('grantCaption')}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: ['active', 'suspended', 'ended'].map((s) => ({
              value: s,
              label: textOf(messages, lang, `state_${s}`),
            })),
          },
        ]}
        rowKey={(g) => g.id}
        rowHref={(g) => `/sharing/grants/${g.id}`}
        rowTitle={(g) => g.resource.title}
        panel={(g) => (
          <div className="stack">
            <p className="soft">{g.purpose}</p>
            <ItemList items={g.items} />
          </div>
        )}
        columns={[
          {
            key: 'resource',
            title: t('resource'),
            narrow: true,
            text: (g) => g.resource.title,
            render: (g) => (
              <span className="title-cell">
                <strong>{g.resource.title}</strong>
                <span className="faint small">{g.scenario}</span>
              </span>
            ),
          },
          { key: 'consumer', title: t('consumer'), text: (g) => g.consumer.name, render: (g) => g.consumer.name },
          { key: 'mode', title: t('mode'), render: (g) => <ModeTags modes={[g.mode]} /> },
          {
            key: 'items',
            title: t('items'),
            num: true,
            text: (g) => String(g.items.length),
            render: (g) => g.items.length,
          },
          {
            key: 'expiry',
            title: t('expiry'),
            nowrap: true,
            text: (g) => day(g.expires_at, lang),
            render: (g) => <span className="tabular">{day(g.expires_at, lang)}</span>,
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (g) => textOf(messages, lang, `state_${g.state}`),
            render: (g) => <GrantState state={g.state} />,
          },
        ]}
        empty={{ title: t('noGrants'), text: t('noGrantsText') }}
      />
    </>
  );
}

export function GrantDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const grant = useGet('/grants/{id}', { path: { id } });
  return <Loaded query={grant}>{(g) => <Detail g={g} />}</Loaded>;
}

type Act = 'suspend' | 'restore' | 'end';
const POSSIBLE: Record<string, Act[]> = { active: ['suspend', 'end'], suspended: ['restore', 'end'] };

function Detail({ g }: { g: Grant }) {
  const t = useText(messages);
  const { lang } = useLang();
  const [act, setAct] = useState<Act>();
  return (
    <>
      <PageHead
        title={`${t('grantsTitle')} · ${g.resource.title}`}
        crumbs={<Link to={'/sharing/grants' as never}>{t('grantsTitle')}</Link>}
        lead={g.purpose}
        action={
          <>
            {(POSSIBLE[g.state] ?? [])
              .filter((a) => g.actions.includes(a))
              .map((a) => (
                <Button key={a} danger={a !== 'restore'} onClick={() => setAct(a)}>
                  {t(a)}
                </Button>
              ))}
            {g.service_id && (
              <ButtonLink primary to={`/sharing/services/${g.service_id}`}>
                {t('openService')}
              </ButtonLink>
            )}
          </>
        }
      />
      <FactStrip
        facts={[
          { label: t('state'), value: <GrantState state={g.state} /> },
          { label: t('consumer'), value: g.consumer.name },
          { label: t('scenario'), value: g.scenario },
          { label: t('rate'), value: g.rate_per_s ? number(g.rate_per_s) : '—' },
          { label: t('expiry'), value: day(g.expires_at, lang) },
        ]}
      />
      <section className="surface padded stack" style={{ marginTop: 16 }}>
        <dl className="pairs">
          <dt>{t('mode')}</dt>
          <dd>
            <ModeTags modes={[g.mode]} />
          </dd>
          {g.application && (
            <>
              <dt>{t('application')}</dt>
              <dd>{g.application.name}</dd>
            </>
          )}
          {g.reason && (
            <>
              <dt>{t('reason')}</dt>
              <dd>{g.reason}</dd>
            </>
          )}
          {g.request_id && (
            <>
              <dt>{t('request')}</dt>
              <dd>
                <Link to={'/sharing/requests/$id' as never} params={{ id: g.request_id } as never}>
                  {t('requestTitle')}
                </Link>
              </dd>
            </>
          )}
        </dl>
        <ItemList items={g.items} />
      </section>
      {act && <Decide g={g} act={act} close={() => setAct(undefined)} />}
    </>
  );
}

function Decide({ g, act, close }: { g: Grant; act: Act; close: () => void }) {
  const t = useText(messages);
  const [reason, setReason] = useState('');
  const send = useAct(() => post(`/grants/{id}/${act}`, { path: { id: g.id }, body: { reason } }), close);
  return (
    <Modal
      open
      title={`${t(act)} · ${g.resource.title}`}
      okText={t(act)}
      okButtonProps={{ danger: act !== 'restore', disabled: !reason.trim(), loading: send.isPending }}
      onOk={() => send.mutate(undefined)}
      onCancel={close}
    >
      <div className="stack">
        <p className="soft">{t(`${act}Hint`)}</p>
        <Input.TextArea
          aria-label={t('reason')}
          placeholder={t('reason')}
          rows={3}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
        />
        {send.error && <ErrorView error={send.error} inline />}
      </div>
    </Modal>
  );
}
