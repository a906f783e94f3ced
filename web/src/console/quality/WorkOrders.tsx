import { Link, useParams } from '@tanstack/react-router';
import { App, Button, Form, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useAct, useGet } from '../../api/query';
import { moment, number } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { Tag, type Tone } from '../../ui/Tags';
import { useGo } from '../frame/search';
import { messages } from './messages';
import { QualityFigures } from './QualityFigures';
import type { WorkOrder } from './types';

const TONES: Record<string, Tone> = {
  reported: 'warn',
  correcting: 'ink',
  rechecking: 'ink',
  explained: 'good',
  open: 'warn',
  accepted: 'ink',
  responded: 'ink',
  running: 'ink',
  closed: 'good',
  ended: 'good',
};
const STATES = ['open', 'closed', 'reported', 'correcting', 'rechecking', 'explained'];

function OrderState({ state }: { state: string }) {
  const { lang } = useLang();
  return <Tag tone={TONES[state] ?? 'plain'}>{textOf(messages, lang, `order_${state}`)}</Tag>;
}

export function WorkOrders() {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [reporting, setReporting] = useState(false);
  return (
    <>
      <PageHead
        title={t('ordersTitle')}
        lead={t('ordersLead')}
        action={
          may('work_order.report') && (
            <Button type="primary" onClick={() => setReporting(true)}>
              {t('report')}
            </Button>
          )
        }
      />
      <QualityFigures />
      <ListPage
        id="work-orders"
        path="/work-orders"
        caption={t('orderCaption')}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: STATES.map((s) => ({ value: s, label: textOf(messages, lang, `order_${s}`) })),
          },
        ]}
        rowKey={(w) => w.id}
        rowHref={(w) => `/quality/work-orders/${w.id}`}
        columns={[
          {
            key: 'title',
            title: t('order'),
            narrow: true,
            text: (w) => w.title,
            render: (w) => (
              <span className="title-cell">
                <strong>{w.title}</strong>
                <span className="faint small">{w.resource.name}</span>
              </span>
            ),
          },
          { key: 'provider', title: t('provider'), text: (w) => w.provider.name, render: (w) => w.provider.name },
          {
            key: 'opened',
            title: t('opened'),
            nowrap: true,
            text: (w) => moment(w.created_at, lang),
            render: (w) => <span className="tabular">{moment(w.created_at, lang)}</span>,
          },
          {
            key: 'age',
            title: t('age'),
            num: true,
            text: (w) => String(w.age_days),
            render: (w) => w.age_days ? t('days', { n: w.age_days }) : t('lessThanDay'),
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (w) => textOf(messages, lang, `order_${w.state}`),
            render: (w) => <OrderState state={w.state} />,
          },
        ]}
        empty={{ title: t('noOrders'), text: t('noOrdersText') }}
      />
      {reporting && <Report close={() => setReporting(false)} />}
    </>
  );
}

function Report({ close }: { close: () => void }) {
  const t = useText(messages);
  const go = useGo();
  const [form] = Form.useForm<Schema<'NewWorkOrder'>>();
  const resources = useGet('/resources', { query: { state: 'published', limit: 200 } });
  const send = useAct(
    (a: Schema<'NewWorkOrder'>) => post('/work-orders', { body: a }),
    (w) => {
      close();
      go(`/quality/work-orders/${w.id}`);
    },
  );
  const required = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('report')}
      okText={t('submitReport')}
      okButtonProps={{ loading: send.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form form={form} layout="vertical" onFinish={(a) => send.mutate(a)}>
        <Form.Item name="resource_id" label={t('resource')} rules={required}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            options={(resources.data?.items ?? []).map((r) => ({ value: r.id, label: r.title }))}
          />
        </Form.Item>
        <Form.Item name="title" label={t('order')} rules={required}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="description" label={t('description')} rules={required}>
          <Input.TextArea rows={4} maxLength={4000} placeholder={t('descriptionHint')} />
        </Form.Item>
        {send.error && <ErrorView error={send.error} inline />}
      </Form>
    </Modal>
  );
}

export function WorkOrderDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const order = useGet(
    '/work-orders/{id}',
    { path: { id } },
    {
      refetchInterval: (q) => (q.state.data?.state === 'rechecking' ? 1500 : false),
    },
  );
  return <Loaded query={order}>{(w) => <Detail w={w} />}</Loaded>;
}

type Act = 'accept' | 'respond' | 'recheck' | 'close';
const WITH_TEXT: Act[] = ['respond', 'close'];

function Detail({ w }: { w: WorkOrder }) {
  const t = useText(messages);
  const { lang } = useLang();
  const { message } = App.useApp();
  const [explanation, setExplanation] = useState('');
  const act = useAct(
    (name: Act) => {
      const path = { id: w.id };
      const body = { explanation: explanation.trim() || null };
      return name === 'respond' || name === 'close'
        ? post(`/work-orders/{id}/${name}`, { path, body })
        : post(`/work-orders/{id}/${name}`, { path });
    },
    () => {
      message.success(t('done'));
      setExplanation('');
    },
  );
  const actions = (['accept', 'respond', 'recheck', 'close'] as const).filter((a) => w.actions.includes(a));
  return (
    <>
      <PageHead
        title={w.title}
        crumbs={<Link to={'/quality/work-orders' as never}>{t('ordersTitle')}</Link>}
        lead={w.text}
      />
      <FactStrip
        facts={[
          { label: t('state'), value: <OrderState state={w.state} /> },
          {
            label: t('resource'),
            value: (
              <Link to={'/catalog/$id' as never} params={{ id: w.resource.id } as never}>
                {w.resource.name}
              </Link>
            ),
          },
          { label: t('provider'), value: w.provider.name },
          { label: t('opened'), value: moment(w.created_at, lang) },
          { label: t('age'), value: w.age_days ? t('days', { n: w.age_days }) : t('lessThanDay') },
        ]}
      />
      <div className="split wide-right" style={{ marginTop: 16 }}>
        <section className="surface padded stack">
          {w.failed != null && (
            <dl className="pairs">
              <dt>{t('failed')}</dt>
              <dd className="tabular">{number(w.failed)}</dd>
            </dl>
          )}
          {w.run_id && (
            <Link to={'/quality/runs/$id' as never} params={{ id: w.run_id } as never}>
              {t('seeRun')}
            </Link>
          )}
          {actions.some((a) => WITH_TEXT.includes(a)) && (
            <div className="field">
              <label htmlFor="explanation">{t('explanation')}</label>
              <Input.TextArea
                id="explanation"
                rows={3}
                value={explanation}
                onChange={(e) => setExplanation(e.target.value)}
              />
            </div>
          )}
          {w.actions.includes('recheck') && <p className="soft small">{t('actHint')}</p>}
          {act.error && <ErrorView error={act.error} inline />}
          <div className="row">
            {actions.map((a, i) => (
              <Button
                key={a}
                type={i === 0 ? 'primary' : 'default'}
                disabled={a === 'close' && !explanation.trim()}
                loading={act.isPending && act.variables === a}
                onClick={() => act.mutate(a)}
              >
                {t(a)}
              </Button>
            ))}
          </div>
        </section>
        <div className="right">
          <ProcedurePanel timeline={w.timeline} />
        </div>
      </div>
    </>
  );
}
