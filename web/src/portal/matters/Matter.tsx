// One matter: what was asked, what was answered, and the procedure.

import { Link, useParams } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { day } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { ErrorView, Loaded } from '../../ui/States';
import { Timeline } from '../../ui/Timeline';
import { Field } from '../Field';
import { messages } from '../messages';
import { useTitle } from '../title';
import type { DatasetRef } from '../types';
import { Gate } from './Gate';

export function WithdrawalPage() {
  return (
    <div className="wide page">
      <Gate>
        <WithdrawalView />
      </Gate>
    </div>
  );
}

export function OpinionPage() {
  return (
    <div className="wide page">
      <Gate>
        <OpinionView />
      </Gate>
    </div>
  );
}

function Head({ dataset, kind }: { dataset: DatasetRef; kind: string }) {
  const t = useText(messages);
  useTitle(`${kind} · ${dataset.title}`);
  return (
    <>
      <p className="crumbs small">
        <Link to="/me">{t('matters')}</Link>
        <span aria-hidden="true"> / </span>
        {kind}
      </p>
      <h1 className="dataset-title">
        <Link to="/datasets/$slug" params={{ slug: dataset.slug }}>
          {dataset.title}
        </Link>
      </h1>
    </>
  );
}

function Pairs({ pairs }: { pairs: [string, ReactNode][] }) {
  return (
    <dl className="side-pairs">
      {pairs
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="said">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function WithdrawalView() {
  const t = useText(messages);
  const { lang } = useLang();
  const { id } = useParams({ strict: false }) as { id: string };
  const matter = useGet('/withdrawals/{id}', { path: { id } }, { refetchInterval: 10_000 });
  return (
    <Loaded query={matter}>
      {(w) => (
        <>
          <Head dataset={w.dataset} kind={t('withdrawals')} />
          <div className="dataset-grid">
            <div className="dataset-main">
              {w.timelines?.map((line) => (
                <section key={line.id} className="surface padded">
                  <Timeline timeline={line} />
                </section>
              ))}
              {w.may_ask_review && <Review id={w.id} />}
            </div>
            <aside className="dataset-side">
              <section className="surface padded">
                <Pairs
                  pairs={[
                    [t('kind'), textOf(messages, lang, `wk_${w.kind}`)],
                    [t('opener'), w.opener.name],
                    [t('recordKeyPlain'), w.record_key],
                    [t('wReason'), w.reason],
                    [t('evidence'), w.evidence],
                    [t('result'), w.outcome && textOf(messages, lang, `oc_${w.outcome}`)],
                    [t('answerText'), w.answer],
                    [t('submittedAt'), day(w.created_at, lang)],
                  ]}
                />
              </section>
            </aside>
          </div>
        </>
      )}
    </Loaded>
  );
}

function OpinionView() {
  const t = useText(messages);
  const { lang } = useLang();
  const { id } = useParams({ strict: false }) as { id: string };
  const matter = useGet('/opinions/{id}', { path: { id } });
  return (
    <Loaded query={matter}>
      {(o) => (
        <>
          <Head dataset={o.dataset} kind={t('opinions')} />
          <div className="dataset-grid">
            <div className="dataset-main">
              {o.timeline && (
                <section className="surface padded">
                  <Timeline timeline={o.timeline} />
                </section>
              )}
            </div>
            <aside className="dataset-side">
              <section className="surface padded">
                <Pairs
                  pairs={[
                    [t('kind'), textOf(messages, lang, `ok_${o.kind}`)],
                    [t('opener'), o.opener.name],
                    [t('yourText'), o.text],
                    [t('answerText'), o.answer],
                  ]}
                />
              </section>
            </aside>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Review({ id }: { id: string }) {
  const t = useText(messages);
  const [reason, setReason] = useState('');
  const ask = useAct(() => post('/withdrawals/{id}/review', { path: { id }, body: { reason } }));
  const submit = (e: FormEvent) => {
    e.preventDefault();
    ask.mutate(undefined);
  };
  return (
    <form className="surface padded stack" onSubmit={submit}>
      <h2>{t('review')}</h2>
      <p className="soft">{t('reviewLead')}</p>
      <Field label={t('reviewReason')} required>
        {(field) => (
          <textarea {...field} rows={4} maxLength={4000} value={reason} onChange={(e) => setReason(e.target.value)} />
        )}
      </Field>
      {ask.error && <ErrorView error={ask.error} inline />}
      <p>
        <button type="submit" className="button primary" disabled={ask.isPending}>
          {t('submitReview')}
        </button>
      </p>
    </form>
  );
}
