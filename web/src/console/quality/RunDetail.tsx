import { Link, useParams } from '@tanstack/react-router';
import { Button, Select } from 'antd';
import { href } from '../../api/client';
import { useEndless, useGet } from '../../api/query';
import { duration, moment, number, percent } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { DataTable } from '../../ui/console/DataTable';
import { Cell } from '../../ui/DataGrid';
import { FactStrip, PageHead } from '../../ui/Page';
import { Progress } from '../../ui/Progress';
import { EmptyState, Loaded } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { useAddress } from '../frame/search';
import { messages } from './messages';
import { RUNNING, type Run, score } from './types';

export function RunDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const run = useGet(
    '/quality/runs/{id}',
    { path: { id } },
    {
      refetchInterval: (q) => (q.state.data && RUNNING.includes(q.state.data.state) ? 800 : false),
    },
  );
  return <Loaded query={run}>{(r) => <Detail r={r} />}</Loaded>;
}

function Detail({ r }: { r: Run }) {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <>
      <PageHead
        title={`${t('runTitle')} · ${r.resource_title}`}
        lead={moment(r.started_at ?? r.created_at, lang, true)}
        crumbs={
          <Link to={'/quality/rules' as never} search={{ resource: r.resource_id } as never}>
            {t('title')}
          </Link>
        }
      />
      <div className="stack">
        {RUNNING.includes(r.state) && (
          <section className="surface padded">
            <Progress label={textOf(messages, lang, `run_${r.state}`)} fraction={undefined} />
          </section>
        )}
        <FactStrip
          facts={[
            { label: t('state'), value: textOf(messages, lang, `run_${r.state}`) },
            { label: t('score'), value: score(r.score) },
            { label: t('rows'), value: number(r.rows) },
            { label: t('duration'), value: duration(r.duration_ms, lang) },
            { label: t('tableVersion'), value: r.table_version },
          ]}
        />
        <section className="surface">
          <DataTable
            caption={t('rules')}
            compact
            rows={r.results ?? []}
            rowKey={(x) => x.rule_id}
            columns={[
              {
                key: 'category',
                title: t('category'),
                nowrap: true,
                render: (x) => <Tag>{textOf(messages, lang, `cat_${x.category}`)}</Tag>,
              },
              {
                key: 'rule',
                title: t('rule'),
                narrow: true,
                render: (x) => (
                  <span className="title-cell">
                    {x.rule}
                    <span className="faint small">{x.found ?? x.kind_title}</span>
                  </span>
                ),
              },
              { key: 'checked', title: t('checked'), num: true, render: (x) => number(x.checked) },
              { key: 'failed', title: t('failed'), num: true, narrow: true, render: (x) => number(x.failed) },
              { key: 'ratio', title: t('ratio'), num: true, render: (x) => percent(x.ratio, 2) },
              {
                key: 'verdict',
                title: t('state'),
                narrow: true,
                render: (x) => {
                  const ok = x.failed === 0;
                  return (
                    <span className="row">
                      <Tag tone={ok ? 'good' : 'bad'} icon={ok ? 'check' : 'alert'}>
                        {ok ? t('passed') : t('failed')}
                      </Tag>
                      {x.work_order_id && (
                        <Link to={'/quality/work-orders/$id' as never} params={{ id: x.work_order_id } as never}>
                          {t('order')}
                        </Link>
                      )}
                    </span>
                  );
                },
              },
            ]}
          />
        </section>
        {r.results?.some((x) => x.failed > 0) && <Failures r={r} />}
      </div>
    </>
  );
}

function Failures({ r }: { r: Run }) {
  const t = useText(messages);
  const [{ rule }, setAddress] = useAddress();
  const rows = useEndless('/quality/runs/{id}/failures', { path: { id: r.id }, query: { rule, limit: 50 } });
  const entry = useGet('/resources/{id}', { path: { id: r.resource_id } });
  const titles = new Map(entry.data?.items.map((i) => [i.name, i.title]));
  const list = rows.data?.flatMap((p) => p.items) ?? [];
  const file = href('/quality/runs/{id}/failures/export', { path: { id: r.id }, query: { rule } });
  return (
    <section className="surface">
      <div className="list-bar">
        <h2>{t('failures')}</h2>
        <div className="row">
          <Select
            aria-label={t('rule')}
            allowClear
            placeholder={t('allRules')}
            value={rule}
            onChange={(v) => setAddress({ rule: v })}
            options={(r.results ?? [])
              .filter((x) => x.failed > 0)
              .map((x) => ({ value: x.rule_id, label: `${x.rule} ${number(x.failed)}` }))}
            style={{ width: 260 }}
          />
          <a className="button" href={file} download>
            {t('export')}
          </a>
        </div>
      </div>
      {rows.data && list.length === 0 && <EmptyState title={t('noFailures')}>{t('noFailuresText')}</EmptyState>}
      {list.length > 0 && (
        <DataTable
          caption={t('failures')}
          compact
          rows={list}
          rowKey={(f) => `${f.rule_id}-${f.batch_id}-${f.row_number}`}
          columns={[
            {
              key: 'key',
              title: t('key'),
              narrow: true,
              render: (f) =>
                Object.entries(f.key)
                  .map(([name, value]) => `${titles.get(name) ?? name} ${value ?? ''}`)
                  .join(separator()),
            },
            { key: 'rule', title: t('rule'), narrow: true, render: (f) => f.rule },
            { key: 'row', title: t('rowNumber'), num: true, render: (f) => number(f.row_number) },
            { key: 'value', title: t('value'), render: (f) => <Cell value={f.value} /> },
          ]}
        />
      )}
      {rows.hasNextPage && (
        <div className="list-foot">
          <Button loading={rows.isFetchingNextPage} onClick={() => rows.fetchNextPage()}>
            {t('more')}
          </Button>
        </div>
      )}
    </section>
  );
}
