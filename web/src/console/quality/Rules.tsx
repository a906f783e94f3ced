import { Link } from '@tanstack/react-router';
import { App, Button, Form, Input, InputNumber, Modal, Select, Switch } from 'antd';
import { useState } from 'react';
import { patch, post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import { duration, moment, number, percent } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useMay, useSession } from '../../session';
import { DataTable } from '../../ui/console/DataTable';
import { PageHead } from '../../ui/Page';
import { EmptyState, ErrorView, Loaded } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { useAddress, useGo } from '../frame/search';
import { messages } from './messages';
import { RUNNING, type Rule, score } from './types';

const CATEGORIES = ['conformity', 'completeness', 'accuracy', 'consistency', 'timeliness', 'accessibility'];

export function Rules() {
  const t = useText(messages);
  const go = useGo();
  const may = useMay();
  const { actor } = useSession();
  const { message } = App.useApp();
  const [{ resource: asked }, setAddress] = useAddress();
  const resources = useGet('/resources', {
    query: { unit: may('quality.manage') ? actor.institution?.id : undefined, state: 'published', limit: 200 },
  });
  const resource = asked ?? resources.data?.items[0]?.id;
  const [creating, setCreating] = useState(false);
  const run = useAct(
    () => post('/resources/{id}/quality/runs', { path: { id: resource ?? '' } }),
    (r) => {
      message.success(t('started'));
      go(`/quality/runs/${r.id}`);
    },
  );
  return (
    <>
      <PageHead
        title={t('title')}
        lead={t('lead')}
        action={
          <>
            {may('quality.manage') && (
              <Button disabled={!resource} onClick={() => setCreating(true)}>
                {t('newRule')}
              </Button>
            )}
            {may('quality.run') && (
              <Button type="primary" disabled={!resource} loading={run.isPending} onClick={() => run.mutate(undefined)}>
                {t('run')}
              </Button>
            )}
          </>
        }
      />
      <div className="stack">
        <Select
          aria-label={t('chooseResource')}
          placeholder={t('chooseResource')}
          value={resource}
          onChange={(id) => setAddress({ resource: id })}
          options={(resources.data?.items ?? []).map((r) => ({ value: r.id, label: r.title }))}
          showSearch={{ optionFilterProp: 'label' }}
          style={{ width: 'min(420px, 100%)' }}
        />
        {run.error && <ErrorView error={run.error} />}
        {resource ? (
          <>
            <RunList resource={resource} />
            <RuleList resource={resource} />
          </>
        ) : (
          <EmptyState title={t('noRules')}>{t('noRulesText')}</EmptyState>
        )}
      </div>
      {creating && resource && <NewRule resource={resource} close={() => setCreating(false)} />}
    </>
  );
}

function RuleList({ resource }: { resource: string }) {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const rules = useGet('/quality/rules', { query: { resource } });
  const entry = useGet('/resources/{id}', { path: { id: resource } });
  const toggle = useAct((rule: Rule) =>
    patch('/quality/rules/{id}', { path: { id: rule.id }, body: { enabled: !rule.enabled, revision: rule.revision } }),
  );
  const list = rules.data ?? [];
  const titles = new Map(entry.data?.items.map((i) => [i.name, i.title]));
  const itemsOf = (r: Rule) =>
    r.items.length > 1 && r.items.length === titles.size
      ? t('allItems')
      : r.items.map((name) => titles.get(name) ?? name).join(separator());
  const order = (r: Rule) => CATEGORIES.indexOf(r.category);
  return (
    <section className="surface">
      <div className="list-bar">
        <h2>{t('rules')}</h2>
      </div>
      <Loaded query={rules}>
        {() =>
          list.length === 0 ? (
            <EmptyState title={t('noRules')}>{t('noRulesText')}</EmptyState>
          ) : (
            <DataTable
              caption={t('rules')}
              compact
              rows={[...list].sort((a, b) => order(a) - order(b))}
              rowKey={(r) => r.id}
              columns={[
                {
                  key: 'category',
                  title: t('category'),
                  nowrap: true,
                  narrow: true,
                  render: (r) => <Tag>{textOf(messages, lang, `cat_${r.category}`)}</Tag>,
                },
                { key: 'title', title: t('rule'), narrow: true, width: '40%', render: (r) => r.title },
                {
                  key: 'item',
                  title: t('items'),
                  render: (r) => <span className="soft">{itemsOf(r)}</span>,
                },
                {
                  key: 'threshold',
                  title: t('threshold'),
                  num: true,
                  render: (r) => percent(r.tolerance),
                },
                {
                  key: 'enabled',
                  title: t('state'),
                  render: (r) => (
                    <Switch
                      size="small"
                      aria-label={`${t('enabled')} ${r.title}`}
                      checked={r.enabled}
                      disabled={!may('quality.manage')}
                      onChange={() => toggle.mutate(r)}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}

function RunList({ resource }: { resource: string }) {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const runs = useGet(
    '/resources/{id}/quality/runs',
    { path: { id: resource } },
    {
      refetchInterval: (q) => (q.state.data?.items.some((r) => RUNNING.includes(r.state)) ? 1500 : false),
    },
  );
  const list = runs.data?.items ?? [];
  return (
    <section className="surface">
      <div className="list-bar">
        <h2>{t('runs')}</h2>
      </div>
      <Loaded query={runs}>
        {() =>
          list.length === 0 ? (
            <EmptyState title={t('noRuns')}>{t('noRunsText')}</EmptyState>
          ) : (
            <DataTable
              caption={t('runs')}
              compact
              rows={list}
              rowKey={(r) => r.id}
              onOpen={(r) => go(`/quality/runs/${r.id}`)}
              columns={[
                {
                  key: 'at',
                  title: t('at'),
                  narrow: true,
                  nowrap: true,
                  render: (r) => (
                    <Link to={'/quality/runs/$id' as never} params={{ id: r.id } as never}>
                      <span className="tabular">{moment(r.started_at ?? r.created_at, lang)}</span>
                    </Link>
                  ),
                },
                {
                  key: 'state',
                  title: t('state'),
                  narrow: true,
                  render: (r) => (
                    <Tag tone={r.state === 'done' ? 'good' : r.state === 'failed' ? 'bad' : 'ink'}>
                      {textOf(messages, lang, `run_${r.state}`)}
                    </Tag>
                  ),
                },
                { key: 'rows', title: t('rows'), num: true, render: (r) => number(r.rows) },
                {
                  key: 'took',
                  title: t('duration'),
                  num: true,
                  nowrap: true,
                  render: (r) => duration(r.duration_ms, lang),
                },
                { key: 'score', title: t('score'), num: true, narrow: true, render: (r) => score(r.score) },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}

interface Answers {
  kind: string;
  title: string;
  items?: string[] | string;
  tolerance?: number;
  params?: Partial<Params>;
}
type Params = Schema<'QualityParams'>;
/** What a kind of rule does not ask for. */
const NO_PARAMS: Params = {
  min: null,
  max: null,
  days: null,
  pattern: null,
  code_set: null,
  when: null,
  values: [],
  allowed: [],
};

function NewRule({ resource, close }: { resource: string; close: () => void }) {
  const t = useText(messages);
  const { lang } = useLang();
  const [form] = Form.useForm<Answers>();
  const library = useGet('/quality/rule-kinds', {}, { staleTime: Number.POSITIVE_INFINITY });
  const entry = useGet('/resources/{id}', { path: { id: resource } });
  const kind = Form.useWatch('kind', form);
  const chosen = library.data?.kinds.find((k) => k.name === kind);
  const titleOf = (x: { title: string; title_en: string }) => (lang === 'en' ? x.title_en : x.title);
  const create = useAct(
    ({ items, tolerance, params, ...a }: Answers) =>
      post('/quality/rules', {
        body: {
          resource_id: resource,
          ...a,
          params: { ...NO_PARAMS, ...params },
          items: items === undefined ? [] : Array.isArray(items) ? items : [items],
          tolerance: (tolerance ?? 0) / 100,
        },
      }),
    close,
  );
  const items = (entry.data?.items ?? []).map((i) => ({ value: i.name, label: `${i.title} ${i.name}` }));
  const required = [{ required: true, message: t('required') }];
  const groups = (library.data?.categories ?? []).map((c) => ({
    label: titleOf(c),
    options: (library.data?.kinds ?? [])
      .filter((k) => k.category === c.name)
      .map((k) => ({ value: k.name, label: titleOf(k) })),
  }));
  return (
    <Modal
      open
      title={t('newRule')}
      okText={t('create')}
      okButtonProps={{ loading: create.isPending }}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form form={form} layout="vertical" onFinish={(a) => create.mutate(a)}>
        <Form.Item name="title" label={t('rule')} rules={required}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item
          name="kind"
          label={t('kind')}
          rules={required}
          extra={chosen && (lang === 'en' ? chosen.description_en : chosen.description)}
        >
          <Select options={groups} showSearch={{ optionFilterProp: 'label' }} />
        </Form.Item>
        {chosen?.items !== 'none' && (
          <Form.Item name="items" label={t('items')}>
            <Select
              allowClear
              mode={chosen?.items === 'one' ? undefined : 'multiple'}
              options={items}
              showSearch={{ optionFilterProp: 'label' }}
            />
          </Form.Item>
        )}
        {chosen?.params.map((p) => (
          <Form.Item key={p.name} name={['params', p.name]} label={titleOf(p)} rules={p.optional ? [] : required}>
            {p.type === 'item' ? (
              <Select options={items} />
            ) : p.type === 'texts' ? (
              <Select mode="tags" />
            ) : p.type === 'integer' || p.type === 'number' ? (
              <InputNumber style={{ width: '100%' }} precision={p.type === 'integer' ? 0 : undefined} />
            ) : (
              <Input />
            )}
          </Form.Item>
        ))}
        <Form.Item name="tolerance" label={t('threshold')}>
          <InputNumber min={0} max={100} step={0.01} suffix="%" style={{ width: 160 }} />
        </Form.Item>
        {create.error && <ErrorView error={create.error} inline />}
      </Form>
    </Modal>
  );
}
