import { Link, useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { useText } from '../../i18n';
import { ErrorView, Loaded } from '../../ui/States';
import { Field } from '../Field';
import { messages } from '../messages';
import { useTitle } from '../title';
import type { DatasetDetail } from '../types';
import { Gate } from './Gate';
import { Sent } from './Sent';

const KINDS = ['commercial_secret', 'privacy', 'error', 'other'] as const;

export function WithdrawalForm() {
  const t = useText(messages);
  const { slug } = useParams({ strict: false }) as { slug: string };
  const dataset = useGet('/datasets/{id}', { path: { id: slug } });
  useTitle(t('withdrawalTitle'));
  return (
    <div className="wide page narrow">
      <Loaded query={dataset}>
        {(d) => (
          <>
            <p className="crumbs small">
              <Link to="/datasets/$slug" params={{ slug }}>
                {d.title}
              </Link>{' '}
              / {t('withdrawalTitle')}
            </p>
            <h1>{t('withdrawalTitle')}</h1>
            <p className="soft">{t('withdrawalLead')}</p>
            <Gate>
              <Form d={d} />
            </Gate>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Form({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const [form, setForm] = useState({ kind: '', record_key: '', reason: '', evidence: '' });
  const set = (change: Partial<typeof form>) => setForm((f) => ({ ...f, ...change }));
  const send = useAct(() =>
    post('/withdrawals', {
      body: {
        dataset_id: d.id,
        ...form,
        record_key: form.record_key || undefined,
        evidence: form.evidence || undefined,
      },
    }),
  );
  if (send.data) {
    const to = (
      <Link className="button primary" to="/me/withdrawals/$id" params={{ id: send.data.id }}>
        {t('openMatter')}
      </Link>
    );
    return <Sent title={t('sentWithdrawal')} text={t('sentWithdrawalText')} slug={d.slug} to={to} />;
  }
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send.mutate(undefined);
  };
  const key = d.dictionary.find((i) => i.name === d.key)?.title;
  return (
    <form className="surface padded stack" onSubmit={submit}>
      <Field label={t('kind')} required error={send.error?.field('kind')}>
        {(field) => (
          <select {...field} value={form.kind} onChange={(e) => set({ kind: e.target.value })}>
            <option value="">{t('chooseKind')}</option>
            {KINDS.map((k) => (
              <option key={k} value={k}>
                {t(`wk_${k}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {key && (
        <Field
          label={t('recordKey', { key })}
          hint={t('recordKeyHint', { key })}
          error={send.error?.field('record_key')}
        >
          {(field) => (
            <input
              {...field}
              maxLength={200}
              value={form.record_key}
              onChange={(e) => set({ record_key: e.target.value })}
            />
          )}
        </Field>
      )}
      <Field label={t('wReason')} hint={t('wReasonHint')} required error={send.error?.field('reason')}>
        {(field) => (
          <textarea
            {...field}
            rows={5}
            maxLength={4000}
            value={form.reason}
            onChange={(e) => set({ reason: e.target.value })}
          />
        )}
      </Field>
      <Field label={t('evidence')} hint={t('evidenceHint')} error={send.error?.field('evidence')}>
        {(field) => (
          <textarea
            {...field}
            rows={3}
            maxLength={4000}
            value={form.evidence}
            onChange={(e) => set({ evidence: e.target.value })}
          />
        )}
      </Field>
      {send.error && <ErrorView error={send.error} inline />}
      <p>
        <button type="submit" className="button primary" disabled={send.isPending}>
          {t('submitWithdrawal')}
        </button>
      </p>
    </form>
  );
}
