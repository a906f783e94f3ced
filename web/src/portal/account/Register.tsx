import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, post } from '../../api/client';
import type { Schema } from '../../api/operation';
import { textOf, useLang, useText } from '../../i18n';
import { signIn } from '../../session';
import { ErrorView } from '../../ui/States';
import { useAddress } from '../address';
import { Field } from '../Field';
import { messages } from '../messages';
import { useTitle } from '../title';
import { inside } from './SignIn';

type Kind = Schema<'DataUserKind'>;
type Document = Schema<'DocumentType'>;
const DOCUMENTS = {
  natural: ['citizen_id', 'passport', 'hk_macao_permit', 'taiwan_permit', 'foreigner_permanent_residence'],
  legal: ['uscc'],
  unincorporated: ['uscc', 'other_code'],
} as const satisfies Record<Kind, readonly Document[]>;

export function Register() {
  const t = useText(messages);
  const { lang } = useLang();
  const navigate = useNavigate();
  const [{ next }] = useAddress();
  const [form, setForm] = useState<Schema<'DataUserForm'>>({
    kind: 'natural',
    name: '',
    document_type: 'citizen_id',
    document_number: '',
    login: '',
    password: '',
  });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useTitle(t('registerTitle'));
  const set = (change: Partial<typeof form>) => setForm((f) => ({ ...f, ...change }));
  const fault = (field: string) => (error instanceof ApiError ? error.field(field) : undefined);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await post('/data-users', { body: form });
      await signIn(form.login, form.password);
      navigate({ href: inside(next) });
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  const hint = textOf(messages, lang, `docHint_${form.document_type}`);
  const all = error instanceof ApiError && error.problem.errors?.length;
  return (
    <div className="wide page account">
      <h1>{t('registerTitle')}</h1>
      <p className="soft">{t('registerLead')}</p>
      <form className="surface padded stack" onSubmit={submit}>
        <fieldset className="choices">
          <legend>{t('who')}</legend>
          {(Object.keys(DOCUMENTS) as Kind[]).map((kind) => (
            <label key={kind}>
              <input
                type="radio"
                name="kind"
                checked={form.kind === kind}
                onChange={() => set({ kind, document_type: DOCUMENTS[kind][0] })}
              />
              {t(`who_${kind}`)}
            </label>
          ))}
        </fieldset>
        <Field label={form.kind === 'natural' ? t('personName') : t('unitName')} required error={fault('name')}>
          {(field) => (
            <input
              {...field}
              autoComplete="name"
              maxLength={200}
              value={form.name}
              onChange={(e) => set({ name: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('docType')} required>
          {(field) => (
            <select
              {...field}
              value={form.document_type}
              onChange={(e) => set({ document_type: e.target.value as Document })}
            >
              {DOCUMENTS[form.kind].map((d) => (
                <option key={d} value={d}>
                  {t(`doc_${d}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={t('docNumber')}
          hint={hint.startsWith('docHint') ? undefined : hint}
          required
          error={fault('document_number')}
        >
          {(field) => (
            <input
              {...field}
              autoComplete="off"
              maxLength={40}
              value={form.document_number}
              onChange={(e) => set({ document_number: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('login')} hint={t('loginHint')} required error={fault('login')}>
          {(field) => (
            <input
              {...field}
              autoComplete="username"
              minLength={3}
              maxLength={64}
              value={form.login}
              onChange={(e) => set({ login: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('password')} hint={t('passwordHint')} required error={fault('password')}>
          {(field) => (
            <input
              {...field}
              type="password"
              autoComplete="new-password"
              minLength={10}
              maxLength={200}
              value={form.password}
              onChange={(e) => set({ password: e.target.value })}
            />
          )}
        </Field>
        {error !== undefined && !all && <ErrorView error={error} inline />}
        <button type="submit" className="button primary" disabled={busy}>
          {t('submitRegister')}
        </button>
        <p className="soft">
          {t('haveAccount')}{' '}
          <Link to="/sign-in" search={{ next } as never}>
            {t('signIn')}
          </Link>
        </p>
      </form>
    </div>
  );
}
