import { Link, useParams } from '@tanstack/react-router';
import { App, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { AllowedOutcome } from '../../api/types';
import { moment } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { ListPage } from '../../ui/console/ListPage';
import { type Decision, ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { FactStrip, PageHead } from '../../ui/Page';
import { Loaded } from '../../ui/States';
import { useMasks } from '../sharing/parts';
import { DatasetState, Treated } from './Datasets';
import { messages } from './messages';
import { MatterState } from './Opinions';
import { type Treatment, treated, type Withdrawal } from './types';

export function Withdrawals() {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <>
      <PageHead title={t('withdrawalsTitle')} lead={t('withdrawalsLead')} />
      <ListPage
        id="withdrawals"
        path="/withdrawals"
        caption={t('withdrawalCaption')}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: ['running', 'ended'].map((s) => ({ value: s, label: textOf(messages, lang, `matter_${s}`) })),
          },
        ]}
        rowKey={(w) => w.id}
        rowHref={(w) => `/opening/withdrawals/${w.id}`}
        columns={[
          {
            key: 'dataset',
            title: t('dataset'),
            narrow: true,
            text: (w) => w.dataset.title,
            render: (w) => (
              <span className="title-cell">
                <strong>{w.dataset.title}</strong>
                <span className="soft small">{w.reason}</span>
              </span>
            ),
          },
          {
            key: 'kind',
            title: t('kind'),
            nowrap: true,
            text: (w) => textOf(messages, lang, `kind_${w.kind}`),
            render: (w) => textOf(messages, lang, `kind_${w.kind}`),
          },
          { key: 'ds', title: t('datasetState'), render: (w) => <DatasetState state={w.dataset_state} /> },
          {
            key: 'created',
            title: t('created'),
            nowrap: true,
            text: (w) => moment(w.created_at, lang),
            render: (w) => <span className="tabular">{moment(w.created_at, lang)}</span>,
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (w) => textOf(messages, lang, `matter_${w.state}`),
            render: (w) => <MatterState state={w.state} />,
          },
        ]}
        empty={{ title: t('noWithdrawals'), text: t('noWithdrawalsText') }}
      />
    </>
  );
}

export function WithdrawalDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const withdrawal = useGet('/withdrawals/{id}', { path: { id } });
  return <Loaded query={withdrawal}>{(w) => <Detail w={w} />}</Loaded>;
}

const isTreat = (o: AllowedOutcome | undefined) => o?.effect === 'treat' || o?.name === 'treat';

function Detail({ w }: { w: Withdrawal }) {
  const t = useText(messages);
  const { lang } = useLang();
  const { message } = App.useApp();
  const [treatment, setTreatment] = useState<Required<Treatment>>({ items: [], rows: w.record_key ? [w.record_key] : [] });
  const decide = useAct(
    (d: Decision & { treat: boolean }) => {
      const { treat, ...body } = d;
      return post('/withdrawals/{id}/decide', { path: { id: w.id }, body: treat ? { ...body, treatment } : body });
    },
    () => {
      message.success(t('decided'));
    },
  );
  const timelines = w.timelines ?? [];
  return (
    <>
      <PageHead
        title={`${t('withdrawal')} · ${w.dataset.title}`}
        crumbs={<Link to={'/opening/withdrawals' as never}>{t('withdrawalsTitle')}</Link>}
        lead={w.reason}
        action={
          <a href={`/datasets/${w.dataset.slug}`} className="button">
            {t('seePortal')}
          </a>
        }
      />
      <FactStrip
        facts={[
          { label: t('state'), value: <MatterState state={w.state} /> },
          { label: t('datasetState'), value: <DatasetState state={w.dataset_state} /> },
          { label: t('opener'), value: w.opener.name },
          { label: t('kind'), value: textOf(messages, lang, `kind_${w.kind}`) },
          { label: t('created'), value: moment(w.created_at, lang) },
        ]}
      />
      <div className="split wide-right" style={{ marginTop: 16 }}>
        <section className="surface padded">
          <dl className="pairs">
            <dt>{t('reason')}</dt>
            <dd>{w.reason}</dd>
            {w.evidence && (
              <>
                <dt>{t('evidence')}</dt>
                <dd>{w.evidence}</dd>
              </>
            )}
            {w.record_key && (
              <>
                <dt>{t('record')}</dt>
                <dd>
                  <code>{w.record_key}</code>
                </dd>
              </>
            )}
            {w.answer && (
              <>
                <dt>{t('result')}</dt>
                <dd>{w.answer}</dd>
              </>
            )}
            {w.treatment && treated(w.treatment).any && (
              <>
                <dt>{t('treatment')}</dt>
                <dd><Treated by={w.treatment} /></dd>
              </>
            )}
          </dl>
        </section>
        <div className="right stack">
          {timelines.map((timeline) => {
            const outcomes = timeline.steps.flatMap((s) => s.allowed_outcomes);
            return (
              <ProcedurePanel
                key={timeline.id}
                timeline={timeline}
                onDecide={(d) =>
                  decide.mutateAsync({ ...d, treat: isTreat(outcomes.find((o) => o.name === d.outcome)) })
                }
                extra={(o) =>
                  isTreat(o) ? <TreatmentForm w={w} treatment={treatment} onChange={setTreatment} /> : null
                }
              />
            );
          })}
        </div>
      </div>
    </>
  );
}

/** What of the dataset is dropped, masked or left out before it is opened again. */
function TreatmentForm({
  w,
  treatment,
  onChange,
}: {
  w: Withdrawal;
  treatment: Required<Treatment>;
  onChange: (t: Required<Treatment>) => void;
}) {
  const t = useText(messages);
  const masks = useMasks();
  const set = (item_id: string, value: string) => {
    const rest = treatment.items.filter((i) => i.item_id !== item_id);
    if (value === 'keep') return onChange({ ...treatment, items: rest });
    onChange({ ...treatment, items: [...rest, value === 'drop' ? { item_id, drop: true } : { item_id, mask: value }] });
  };
  return (
    <Form.Item label={t('treatment')}>
      <div className="stack tight">
        {(w.dictionary ?? []).map((item) => {
          const chosen = treatment.items.find((i) => i.item_id === item.id);
          return (
            <div key={item.id} className="row apart">
              <label htmlFor={`treat-${item.id}`}>{item.title}</label>
              <Select
                id={`treat-${item.id}`}
                value={chosen ? (chosen.drop ? 'drop' : (chosen.mask ?? 'keep')) : 'keep'}
                onChange={(v) => set(item.id, v)}
                options={[
                  { value: 'keep', label: t('keepItem') },
                  { value: 'drop', label: t('dropItem') },
                  ...masks.list.map((m) => ({ value: m.name, label: t('maskWith', { mask: m.title }) })),
                ]}
                style={{ width: 190 }}
              />
            </div>
          );
        })}
        <label htmlFor="treat-rows">{t('alsoRows')}</label>
        <Input.TextArea
          id="treat-rows"
          rows={2}
          value={treatment.rows.join('\n')}
          onChange={(e) =>
            onChange({
              ...treatment,
              rows: e.target.value
                .split('\n')
                .map((r) => r.trim())
                .filter(Boolean),
            })
          }
        />
      </div>
    </Form.Item>
  );
}
