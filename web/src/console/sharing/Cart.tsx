import { Link } from '@tanstack/react-router';
import { App, Button, Collapse, Form, Input, InputNumber, Radio, Select } from 'antd';
import { useState } from 'react';
import { post, put } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { useText } from '../../i18n';
import { messages as ui } from '../../ui/messages';
import { PageHead } from '../../ui/Page';
import { EmptyState, ErrorView, Loaded } from '../../ui/States';
import { AttributeTag } from '../../ui/Tags';
import { ItemsTable } from '../catalog/shared';
import { ButtonLink } from '../frame/ButtonLink';
import { useGo } from '../frame/search';
import { messages } from './messages';
import type { Cart as CartShape, Mode } from './types';

export function Cart() {
  const t = useText(messages);
  const cart = useGet('/cart');
  return (
    <>
      <PageHead title={t('cartTitle')} lead={t('cartLead')} />
      <Loaded query={cart}>
        {(c) =>
          c.items.length === 0 ? (
            <EmptyState
              title={t('cartEmpty')}
              action={
                <ButtonLink primary to="/catalog">
                  {t('toCatalog')}
                </ButtonLink>
              }
            >
              {t('cartEmptyText')}
            </EmptyState>
          ) : (
            <div className="split wide-right">
              <div className="stack">
                {c.items.map((line) => (
                  <CartLine
                    key={line.resource_id}
                    cart={c}
                    resourceId={line.resource_id}
                    picked={new Set(line.item_ids)}
                  />
                ))}
              </div>
              <div className="right">
                <ApplyForm cart={c} />
              </div>
            </div>
          )
        }
      </Loaded>
    </>
  );
}

function CartLine({ cart, resourceId, picked }: { cart: CartShape; resourceId: string; picked: Set<string> }) {
  const t = useText(messages);
  const resource = useGet('/resources/{id}', { path: { id: resourceId } });
  const save = useAct((items: Schema<'ShareLine'>[]) => put('/cart', { body: { items } }));
  const lines = cart.items;
  const r = resource.data;
  return (
    <section className="surface padded stack tight">
      <div className="row apart">
        <h2>
          <Link to={'/catalog/$id' as never} params={{ id: resourceId } as never}>
            {r?.title ?? resourceId}
          </Link>
        </h2>
        <span className="row">
          <AttributeTag kind="sharing" value={r?.sharing.attribute} />
          <Button type="text" onClick={() => save.mutate(lines.filter((l) => l.resource_id !== resourceId))}>
            {t('removeLine')}
          </Button>
        </span>
      </div>
      <span className="soft">{r?.provider.name}</span>
      {r?.sharing.condition && <span className="soft">{r.sharing.condition}</span>}
      {r && (
        <Collapse
          defaultActiveKey={['items']}
          ghost
          items={[
            {
              key: 'items',
              label: t('chooseItems', { n: picked.size }),
              children: (
                <ItemsTable
                  items={r.items}
                  picked={picked}
                  onPick={(next) =>
                    save.mutate(lines.map((l) => (l.resource_id === resourceId ? { ...l, item_ids: [...next] } : l)))
                  }
                />
              ),
            },
          ]}
        />
      )}
      {save.error && <ErrorView error={save.error} inline />}
    </section>
  );
}

type Answers = Omit<Schema<'ShareApplication'>, 'lines'>;

function ApplyForm({ cart }: { cart: CartShape }) {
  const t = useText(messages);
  const words = useText(ui);
  const go = useGo();
  const { message } = App.useApp();
  const applications = useGet('/applications');
  const [mode, setMode] = useState<Mode>('query');
  const submit = useAct(
    (answers: Answers) => post('/share-requests', { body: { ...answers, lines: cart.items } }),
    async ({ items: made }) => {
      message.success(t('applied', { n: made.length }));
      await put('/cart', { body: { items: [] } });
      go(made.length === 1 ? `/sharing/requests/${made[0].id}` : '/sharing/requests');
    },
  );
  const required = { required: true, message: t('required') };
  return (
    <section className="surface padded">
      <h2>{t('form')}</h2>
      <Form<Answers>
        layout="vertical"
        initialValues={{ mode, term_months: 12 }}
        onFinish={(a) => submit.mutate(a)}
        style={{ marginTop: 12 }}
      >
        <Form.Item name="scenario" label={t('scenario')} rules={[required]}>
          <Input placeholder={t('scenarioHint')} maxLength={200} />
        </Form.Item>
        <Form.Item name="purpose" label={t('purpose')} rules={[required]}>
          <Input.TextArea placeholder={t('purposeHint')} rows={3} maxLength={4000} />
        </Form.Item>
        <Form.Item name="mode" label={t('mode')} rules={[required]} extra={t(`modeHint_${mode as 'verify' | 'query'}`)}>
          <Radio.Group
            onChange={(e) => setMode(e.target.value)}
            options={(['verify', 'query'] as const).map((m) => ({ value: m, label: words(`mode_${m}`) }))}
          />
        </Form.Item>
        <Form.Item name="basis" label={t('basis')}>
          <Input placeholder={t('basisHint')} maxLength={200} />
        </Form.Item>
        <Form.Item name="application_id" label={t('application')} extra={t('applicationHint')}>
          <Select allowClear options={(applications.data?.items ?? []).map((a) => ({ value: a.id, label: a.name }))} />
        </Form.Item>
        <Form.Item name="term_months" label={t('term')}>
          <InputNumber min={1} max={60} style={{ width: 120 }} />
        </Form.Item>
        {submit.error && <ErrorView error={submit.error} inline />}
        <Button type="primary" htmlType="submit" block loading={submit.isPending} style={{ marginTop: 12 }}>
          {t('apply')}
        </Button>
      </Form>
    </section>
  );
}
