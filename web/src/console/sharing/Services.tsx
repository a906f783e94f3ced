import { Link, useParams } from '@tanstack/react-router';
import { Button, Input, Tabs } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useAct, useGet } from '../../api/query';
import { separator, useText } from '../../i18n';
import { CopyButton } from '../../ui/console/CopyButton';
import { ListPage } from '../../ui/console/ListPage';
import { DataGrid } from '../../ui/DataGrid';
import { FactStrip, PageHead } from '../../ui/Page';
import { EmptyState, ErrorView, Loaded } from '../../ui/States';
import { ModeTags, Tag } from '../../ui/Tags';
import { messages } from './messages';
import { ItemList } from './parts';
import { samples } from './samples';
import type { Service } from './types';

export function Services() {
  const t = useText(messages);
  return (
    <>
      <PageHead title={t('servicesTitle')} lead={t('servicesLead')} />
      <ListPage
        id="services"
        path="/services"
        caption={t('serviceCaption')}
        rowKey={(s) => s.id}
        rowHref={(s) => `/sharing/services/${s.id}`}
        columns={[
          {
            key: 'resource',
            title: t('resource'),
            narrow: true,
            text: (s) => s.resource.title,
            render: (s) => <strong>{s.resource.title}</strong>,
          },
          { key: 'mode', title: t('mode'), narrow: true, render: (s) => <ModeTags modes={[s.mode]} /> },
          { key: 'url', title: t('address'), text: (s) => s.url, render: (s) => <code>{s.url}</code> },
          {
            key: 'items',
            title: t('items'),
            num: true,
            text: (s) => String(s.items.length),
            render: (s) => s.items.length,
          },
        ]}
        empty={{ title: t('noServices'), text: t('noServicesText') }}
      />
    </>
  );
}

export function ServiceDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const t = useText(messages);
  const services = useGet('/services', { query: { service: id, limit: 1 } });
  return (
    <Loaded query={services}>
      {(page) => {
        const service = page.items[0];
        return service ? (
          <Detail s={service} />
        ) : (
          <EmptyState title={t('noServices')}>{t('noServicesText')}</EmptyState>
        );
      }}
    </Loaded>
  );
}

/** 核验 answers with a verdict; the description knows the rows of 查询 only. */
interface Verdict {
  match: boolean;
  found: boolean;
}
const verdictOf = (answer: Schema<'QueryAnswer'> | Verdict): Verdict | undefined =>
  'rows' in answer ? undefined : answer;

function Detail({ s }: { s: Service }) {
  const t = useText(messages);
  return (
    <>
      <PageHead
        title={`${t('servicesTitle')} · ${s.resource.title}`}
        crumbs={<Link to={'/sharing/services' as never}>{t('servicesTitle')}</Link>}
        lead={<code>{s.url}</code>}
        action={<CopyButton text={s.url} label={t('copyAddress')} />}
      />
      <FactStrip
        facts={[
          { label: t('mode'), value: <ModeTags modes={[s.mode]} /> },
          { label: t('input'), value: s.key_items.map((k) => k.title).join(separator()) },
          {
            label: t('output'),
            value:
              s.mode === 'verify'
                ? `${t('matches')} / ${t('matchesNot')}`
                : s.items.map((i) => i.title).join(separator()),
          },
        ]}
      />
      <div className="split wide-right" style={{ marginTop: 16 }}>
        <div className="stack">
          <TryIt s={s} />
          <section className="surface padded">
            <h2>{t('items')}</h2>
            <ItemList items={s.items} />
          </section>
        </div>
        <section className="surface padded right">
          <h2>{t('samples')}</h2>
          <Tabs
            items={samples(s, location.origin).map((sample) => ({
              key: sample.language,
              label: sample.language,
              children: (
                <div className="stack tight">
                  <pre className="code-sample" tabIndex={0}>
                    {sample.code}
                  </pre>
                  <div>
                    <CopyButton text={sample.code} />
                  </div>
                </div>
              ),
            }))}
          />
        </section>
      </div>
    </>
  );
}

function TryIt({ s }: { s: Service }) {
  const t = useText(messages);
  const [keys, setKeys] = useState<Record<string, string>>({});
  const [match, setMatch] = useState<Record<string, string>>({});
  const [took, setTook] = useState(0);
  const verify = s.mode === 'verify';
  const call = useAct(async () => {
    const start = performance.now();
    const answer = await post('/services/{id}/try', {
      path: { id: s.id },
      body: { keys, ...(verify ? { match: Object.fromEntries(Object.entries(match).filter(([, v]) => v)) } : {}) },
    });
    setTook(Math.round(performance.now() - start));
    return answer;
  });
  const verdict = call.data && verdictOf(call.data);
  const input = (
    name: string,
    title: string,
    values: Record<string, string>,
    set: (v: Record<string, string>) => void,
  ) => (
    <div className="field" key={name}>
      <label htmlFor={`try-${name}`}>
        {title} <code className="faint">{name}</code>
      </label>
      <Input
        id={`try-${name}`}
        value={values[name] ?? ''}
        onChange={(e) => set({ ...values, [name]: e.target.value })}
      />
    </div>
  );
  return (
    <section className="surface padded stack">
      <div className="row apart">
        <h2>{t('tryIt')}</h2>
        <span className="faint small">{t('tryHint')}</span>
      </div>
      <form
        className="stack"
        onSubmit={(e) => {
          e.preventDefault();
          call.mutate(undefined);
        }}
      >
        <div className="fields">
          {s.key_items.map((k) => input(k.name, k.title, keys, setKeys))}
          {verify &&
            s.items
              .filter((i) => !s.key_items.some((k) => k.name === i.name))
              .map((i) => input(i.name, i.title, match, setMatch))}
        </div>
        <div>
          <Button type="primary" htmlType="submit" loading={call.isPending}>
            {t('call')}
          </Button>
        </div>
      </form>
      {call.error && <ErrorView error={call.error} inline />}
      {call.data && (
        <div className="stack tight" data-try-result>
          <div className="row">
            <h3>{t('result')}</h3>
            <span className="faint small">{t('took', { ms: took })}</span>
          </div>
          {!verdict ? (
            <>
              <span className="soft">{t('rowsFound', { n: call.data.rows.length })}</span>
              <DataGrid
                caption={t('result')}
                columns={s.items.map((i) => ({ name: i.name, title: i.title, type: i.type, grade: i.grade }))}
                rows={call.data.rows}
              />
            </>
          ) : !verdict.found ? (
            <Tag tone="warn">{t('notFound')}</Tag>
          ) : (
            <div>
              <Tag tone={verdict.match ? 'good' : 'bad'} icon={verdict.match ? 'check' : 'cross'}>
                {verdict.match ? t('matches') : t('matchesNot')}
              </Tag>
            </div>
          )}
        </div>
      )}
    </section>
  );
}
