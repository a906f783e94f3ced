import { Link, useParams } from '@tanstack/react-router';
import { App, Form, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { useAct, useGet } from '../../api/query';
import type { AllowedOutcome } from '../../api/types';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { DayField } from '../../ui/console/DayField';
import { type Decision, ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { FactStrip, PageHead } from '../../ui/Page';
import { Loaded } from '../../ui/States';
import { ModeTags } from '../../ui/Tags';
import { ButtonLink } from '../frame/ButtonLink';
import { messages } from './messages';
import { ItemList, useMasks } from './parts';
import { RequestState } from './Requests';
import type { ItemRef, ShareRequest } from './types';

/** Masks by item. */
type Terms = Schema<'ShareTerms'> & { masks: Record<string, string> };

export function RequestDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const request = useGet('/share-requests/{id}', { path: { id } });
  return <Loaded query={request}>{(r) => <Detail r={r} />}</Loaded>;
}

function Detail({ r }: { r: ShareRequest }) {
  const t = useText(messages);
  const { lang } = useLang();
  const { message } = App.useApp();
  const [terms, setTerms] = useState<Terms>({ masks: {} });
  const procedure = useGet(
    '/procedures/{id}',
    { path: { id: r.procedure_id ?? '' } },
    { enabled: !r.timeline && !!r.procedure_id },
  );
  const timeline = r.timeline ?? procedure.data;
  const decide = useAct(
    (d: Decision & { grant: boolean }) => {
      const { grant, ...body } = d;
      const masks = Object.fromEntries(Object.entries(terms.masks).filter(([, mask]) => mask));
      return post('/share-requests/{id}/decide', {
        path: { id: r.id },
        body: grant ? { ...body, ...terms, masks } : body,
      });
    },
    () => {
      message.success(t('decided'));
    },
  );
  const outcomes = timeline?.steps.flatMap((s) => s.allowed_outcomes) ?? [];
  return (
    <>
      <PageHead
        title={`${t('requestTitle')} · ${r.resource.title}`}
        crumbs={<Link to={'/sharing/requests' as never}>{t('requestsTitle')}</Link>}
        lead={r.purpose}
        action={
          r.grant_id ? (
            <ButtonLink primary to={`/sharing/grants/${r.grant_id}`}>
              {t('seeGrant')}
            </ButtonLink>
          ) : undefined
        }
      />
      <FactStrip
        facts={[
          { label: t('state'), value: <RequestState state={r.state} /> },
          { label: t('applicant'), value: r.applicant.name },
          { label: t('provider'), value: r.provider.name },
          { label: t('scenario'), value: r.scenario },
          { label: t('mode'), value: <ModeTags modes={[r.mode]} /> },
        ]}
      />
      <div className="split wide-right" style={{ marginTop: 16 }}>
        <section className="surface padded stack">
          <dl className="pairs">
            <dt>{t('resource')}</dt>
            <dd>
              <Link to={'/catalog/$id' as never} params={{ id: r.resource.id } as never}>
                {r.resource.title}
              </Link>
            </dd>
            <dt>{t('purpose')}</dt>
            <dd>{r.purpose}</dd>
            {r.basis && (
              <>
                <dt>{t('basis')}</dt>
                <dd>{r.basis}</dd>
              </>
            )}
            {r.term_months ? (
              <>
                <dt>{t('termOf')}</dt>
                <dd>{t('months', { n: r.term_months })}</dd>
              </>
            ) : null}
            {r.application && (
              <>
                <dt>{t('application')}</dt>
                <dd>{r.application.name}</dd>
              </>
            )}
            <dt>{t('submittedAt')}</dt>
            <dd className="tabular">{moment(r.submitted_at, lang)}</dd>
          </dl>
          <ItemList items={r.items} />
        </section>
        <div className="right">
          <ProcedurePanel
            timeline={timeline}
            onDecide={(d) => decide.mutateAsync({ ...d, grant: isGrant(outcomes.find((o) => o.name === d.outcome)) })}
            extra={(outcome) =>
              isGrant(outcome) ? <GrantTerms items={r.items} terms={terms} onChange={setTerms} /> : null
            }
          />
        </div>
      </div>
    </>
  );
}

const isGrant = (outcome: AllowedOutcome | undefined) => outcome?.effect === 'grant' || outcome?.name === 'share';

/** What the grant is to say: a mask for each item, an end, a rate. */
function GrantTerms({ items, terms, onChange }: { items: ItemRef[]; terms: Terms; onChange: (terms: Terms) => void }) {
  const t = useText(messages);
  const masks = useMasks();
  return (
    <Form.Item label={t('grantTerms')}>
      <div className="stack tight">
        {items.map((item) => (
          <div key={item.id} className="row apart">
            <label htmlFor={`mask-${item.id}`}>{item.title}</label>
            <Select
              id={`mask-${item.id}`}
              value={terms.masks[item.id] ?? ''}
              onChange={(mask) => onChange({ ...terms, masks: { ...terms.masks, [item.id]: mask } })}
              options={[
                { value: '', label: t('noMask') },
                ...masks.list.map((m) => ({ value: m.name, label: m.title, title: m.description })),
              ]}
              style={{ width: 190 }}
            />
          </div>
        ))}
        <div className="row apart">
          <label htmlFor="grant-rate">{t('rate')}</label>
          <InputNumber
            id="grant-rate"
            min={1}
            max={100000}
            value={terms.rate_per_s}
            onChange={(v) => onChange({ ...terms, rate_per_s: v ?? undefined })}
            style={{ width: 190 }}
          />
        </div>
        <div className="row apart">
          <label htmlFor="grant-expiry">{t('expires')}</label>
          <DayField
            id="grant-expiry"
            style={{ width: 190 }}
            value={terms.expires_at?.slice(0, 10)}
            onChange={(day) => onChange({ ...terms, expires_at: day && `${day}T23:59:59.999+08:00` })}
          />
        </div>
      </div>
    </Form.Item>
  );
}
