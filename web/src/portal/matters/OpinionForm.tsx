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

const KINDS = ['error', 'quality', 'attribute', 'unlawful', 'suggestion'] as const;

export function OpinionForm() {
  const t = useText(messages);
  const { slug } = useParams({ strict: false }) as { slug: string };
  const dataset = useGet('/datasets/{id}', { path: { id: slug } });
  useTitle(t('opinionTitle'));
  return (
    <div className="wide page narrow">
      <Loaded query={dataset}>
        {(d) => (
          <>
            <p className="crumbs small">
              <Link to="/datasets/$slug" params={{ slug }}>
                {d.title}
              </Link>{' '}
              / {t('opinionTitle')}
            </p>
            <h1>{t('opinionTitle')}</h1>
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
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const send = useAct(() => post('/opinions', { body: { dataset_id: d.id, kind, text } }));
  if (send.data) {
    const to = (
      <Link className="button primary" to="/me/opinions/$id" params={{ id: send.data.id }}>
        {t('openMatter')}
      </Link>
    );
    return <Sent title={t('sentOpinion')} text={t('sentOpinionText')} slug={d.slug} to={to} />;
  }
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send.mutate(undefined);
  };
  return (
    <form className="surface padded stack" onSubmit={submit}>
      <Field label={t('kind')} required error={send.error?.field('kind')}>
        {(field) => (
          <select {...field} value={kind} onChange={(e) => setKind(e.target.value)}>
            <option value="">{t('chooseKind')}</option>
            {KINDS.map((k) => (
              <option key={k} value={k}>
                {t(`ok_${k}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('opinionText')} hint={t('opinionHint')} required error={send.error?.field('text')}>
        {(field) => (
          <textarea {...field} rows={6} maxLength={4000} value={text} onChange={(e) => setText(e.target.value)} />
        )}
      </Field>
      {send.error && <ErrorView error={send.error} inline />}
      <p>
        <button type="submit" className="button primary" disabled={send.isPending}>
          {t('submitOpinion')}
        </button>
      </p>
    </form>
  );
}
