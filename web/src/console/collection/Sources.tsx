import { Button, Form, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { moment } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { useMay, useSession } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { ErrorView } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { useAddress, useGo } from '../frame/search';
import { BatchState } from './Batches';
import { messages } from './messages';

export function Sources() {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [creating, setCreating] = useState(false);
  const create = may('source.manage') && (
    <Button type="primary" onClick={() => setCreating(true)}>
      {t('newSource')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('sourcesTitle')} lead={t('sourcesLead')} action={create} />
      <ListPage
        id="sources"
        path="/sources"
        caption={t('sourceCaption')}
        rowKey={(s) => s.id}
        rowHref={(s) => `/collection/sources/${s.id}`}
        columns={[
          {
            key: 'title',
            title: t('title'),
            narrow: true,
            text: (s) => s.title,
            render: (s) => (
              <span className="title-cell">
                <strong>{s.title}</strong>
                <span className="faint small">{s.resource_title}</span>
              </span>
            ),
          },
          {
            key: 'kind',
            title: t('kind'),
            narrow: true,
            text: (s) => textOf(messages, lang, `kind_${s.kind}`),
            render: (s) => textOf(messages, lang, `kind_${s.kind}`),
          },
          {
            key: 'mode',
            title: t('loadMode'),
            text: (s) => textOf(messages, lang, `mode_${s.load_mode}`),
            render: (s) => textOf(messages, lang, `mode_${s.load_mode}`),
          },
          {
            key: 'basis',
            title: t('legalBasis'),
            text: (s) => s.legal_basis,
            render: (s) => <span className="soft">{s.legal_basis}</span>,
          },
          {
            key: 'last',
            title: t('lastBatch'),
            nowrap: true,
            text: (s) => (s.last_batch ? moment(s.last_batch.received_at, lang) : ''),
            render: (s) =>
              s.last_batch ? (
                <span className="row">
                  <BatchState state={s.last_batch.state} />
                  <span className="tabular">{moment(s.last_batch.received_at, lang)}</span>
                </span>
              ) : (
                '—'
              ),
          },
          {
            key: 'state',
            title: t('state'),
            render: (s) => (
              <Tag tone={s.state === 'active' ? 'good' : 'plain'}>{textOf(messages, lang, `state_${s.state}`)}</Tag>
            ),
          },
        ]}
        empty={{ title: t('noSources'), text: t('noSourcesText'), action: create }}
      />
      {creating && <NewSource close={() => setCreating(false)} />}
    </>
  );
}

type Answers = Schema<'CollectionSourceForm'>;
/** What a kind of source does not ask for. */
const NO_CONFIG: Schema<'SourceConfig'> = { file: null, url: null, table: null, cursor_column: null };

function NewSource({ close }: { close: () => void }) {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const { actor } = useSession();
  const [{ resource }] = useAddress();
  const [form] = Form.useForm<Answers>();
  const kind = Form.useWatch('kind', form);
  const resources = useGet('/resources', {
    query: { unit: actor.institution?.id, state: 'published', limit: 200 },
  });
  const create = useAct(
    (answers: Answers) => post('/sources', { body: { ...answers, config: { ...NO_CONFIG, ...answers.config } } }),
    (made) => {
      close();
      go(`/collection/sources/${made.id}`);
    },
  );
  const required = [{ required: true, message: t('required') }];
  const words = (prefix: string, values: string[]) =>
    values.map((v) => ({ value: v, label: textOf(messages, lang, `${prefix}_${v}`) }));
  return (
    <Modal
      open
      width={680}
      title={t('newSource')}
      okText={t('create')}
      okButtonProps={{ loading: create.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ kind: 'upload', load_mode: 'upsert', resource_id: resource }}
        onFinish={(a) => create.mutate(a)}
      >
        <Form.Item name="resource_id" label={t('resource')} rules={required}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            options={(resources.data?.items ?? []).map((r) => ({ value: r.id, label: r.title }))}
          />
        </Form.Item>
        <Form.Item name="title" label={t('title')} rules={required}>
          <Input maxLength={200} />
        </Form.Item>
        <div className="fields" style={{ marginTop: 0 }}>
          <Form.Item name="kind" label={t('kind')} rules={required}>
            <Select options={words('kind', ['upload', 'sqlite', 'postgres'])} />
          </Form.Item>
          <Form.Item name="load_mode" label={t('loadMode')} rules={required}>
            <Select options={words('mode', ['upsert', 'append', 'snapshot'])} />
          </Form.Item>
        </div>
        {kind === 'sqlite' && (
          <Form.Item name={['config', 'file']} label={t('file')} rules={required}>
            <Input />
          </Form.Item>
        )}
        {kind === 'postgres' && (
          <Form.Item name={['config', 'url']} label={t('url')} rules={required}>
            <Input placeholder="postgres://user:password@host:5432/database" autoComplete="off" />
          </Form.Item>
        )}
        {kind && kind !== 'upload' && (
          <div className="fields" style={{ marginTop: 0 }}>
            <Form.Item name={['config', 'table']} label={t('table')} rules={required}>
              <Input />
            </Form.Item>
            <Form.Item name={['config', 'cursor_column']} label={t('cursorColumn')}>
              <Input />
            </Form.Item>
          </div>
        )}
        <Form.Item name="legal_basis" label={t('legalBasis')}>
          <Input maxLength={4000} />
        </Form.Item>
        <Form.Item name="purpose" label={t('purpose')} rules={required}>
          <Input maxLength={4000} />
        </Form.Item>
        <Form.Item name="scope" label={t('scope')} rules={required}>
          <Input maxLength={4000} />
        </Form.Item>
        <Form.Item name="consent" label={t('consent')} extra={t('consentHint')}>
          <Input maxLength={4000} />
        </Form.Item>
        {create.error && <ErrorView error={create.error} inline />}
      </Form>
    </Modal>
  );
}
