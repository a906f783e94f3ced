import { Link, useParams } from '@tanstack/react-router';
import { Button, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { moment } from '../../format';
import { separator, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { CopyButton } from '../../ui/console/CopyButton';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { messages } from './messages';

export function Applications() {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const create = may('sharing.apply') && (
    <Button type="primary" onClick={() => setCreating(true)}>
      {t('newApp')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('appsTitle')} lead={t('appsLead')} action={create} />
      <ListPage
        id="applications"
        path="/applications"
        caption={t('appCaption')}
        rowKey={(a) => a.id}
        rowHref={(a) => `/sharing/applications/${a.id}`}
        columns={[
          {
            key: 'name',
            title: t('appName'),
            narrow: true,
            text: (a) => a.name,
            render: (a) => <strong>{a.name}</strong>,
          },
          { key: 'scenario', title: t('scenario'), text: (a) => a.scenario ?? '', render: (a) => a.scenario ?? '' },
          {
            key: 'created',
            title: t('created'),
            nowrap: true,
            text: (a) => moment(a.created_at, lang),
            render: (a) => <span className="tabular">{moment(a.created_at, lang)}</span>,
          },
          {
            key: 'secret',
            title: t('secretIssued'),
            nowrap: true,
            render: (a) =>
              a.secret_issued_at ? (
                <span className="tabular">{moment(a.secret_issued_at, lang)}</span>
              ) : (
                <span className="faint">{t('never')}</span>
              ),
          },
        ]}
        empty={{ title: t('noApps'), text: t('noAppsText'), action: create }}
      />
      {creating && <NewApplication close={() => setCreating(false)} />}
    </>
  );
}

function NewApplication({ close }: { close: () => void }) {
  const t = useText(messages);
  const go = useGo();
  const [form] = Form.useForm<{ name: string; scenario: string; addresses?: string }>();
  const create = useAct(
    (v: { name: string; scenario: string; addresses?: string }) =>
      post('/applications', {
        body: { ...v, addresses: (v.addresses ?? '').split(/\s+/).filter(Boolean) },
      }),
    (a) => {
      close();
      go(`/sharing/applications/${a.id}`);
    },
  );
  const required = { required: true, message: t('required') };
  return (
    <Modal
      open
      title={t('newApp')}
      okText={t('newApp')}
      okButtonProps={{ loading: create.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form form={form} layout="vertical" onFinish={(v) => create.mutate(v)}>
        <Form.Item name="name" label={t('appName')} rules={[required]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="scenario" label={t('scenario')} rules={[required]}>
          <Input maxLength={200} placeholder={t('scenarioHint')} />
        </Form.Item>
        <Form.Item name="addresses" label={t('addresses')} extra={t('addressesHint')}>
          <Input.TextArea rows={2} />
        </Form.Item>
        {create.error && <ErrorView error={create.error} inline />}
      </Form>
    </Modal>
  );
}

export function ApplicationDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const application = useGet('/applications/{id}', { path: { id } });
  const secret = useAct(() =>
    post('/applications/{id}/secret', { path: { id } }),
  );
  return (
    <Loaded query={application}>
      {(a) => (
        <>
          <PageHead
            title={a.name}
            lead={a.scenario}
            crumbs={<Link to={'/sharing/applications' as never}>{t('appsTitle')}</Link>}
          />
          <section className="surface padded stack">
            <dl className="pairs">
              <dt>{t('created')}</dt>
              <dd className="tabular">{moment(a.created_at, lang)}</dd>
              <dt>{t('addresses')}</dt>
              <dd>{a.addresses.length ? a.addresses.join(separator()) : t('anyAddress')}</dd>
              <dt>{t('clientId')}</dt>
              <dd>
                <code>{a.client_id}</code>
              </dd>
            </dl>
            <hr className="rule" />
            <h2>{t('secret')}</h2>
            <p className="soft">{t('secretHint')}</p>
            {secret.data ? (
              <dl className="pairs secret" data-secret>
                <dt>{t('clientId')}</dt>
                <dd>
                  <code>{secret.data.client_id}</code> <CopyButton text={secret.data.client_id} />
                </dd>
                <dt>{t('clientSecret')}</dt>
                <dd>
                  <code>{secret.data.client_secret}</code> <CopyButton text={secret.data.client_secret} />
                </dd>
              </dl>
            ) : (
              may('sharing.apply') && (
                <div>
                  <Button type="primary" loading={secret.isPending} onClick={() => secret.mutate(undefined)}>
                    {t('newSecret')}
                  </Button>
                </div>
              )
            )}
            {secret.error && <ErrorView error={secret.error} inline />}
          </section>
        </>
      )}
    </Loaded>
  );
}
