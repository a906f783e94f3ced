import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { useText } from '../../i18n';
import { signedIn, signIn, useSession } from '../../session';
import { ErrorView } from '../../ui/States';
import { useAddress } from '../address';
import { Field } from '../Field';
import { messages } from '../messages';
import { useTitle } from '../title';

/** Only addresses of the portal itself: a link from elsewhere leads nowhere else. */
export const inside = (next: string | undefined) => (next && /^\/(?!\/)/.test(next) ? next : '/me');

export function SignIn() {
  const t = useText(messages);
  const navigate = useNavigate();
  const { actor } = useSession();
  const [{ next }] = useAddress();
  const [form, setForm] = useState({ login: '', password: '' });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useTitle(t('signInTitle'));
  useEffect(() => {
    if (signedIn(actor)) navigate({ href: inside(next) });
  }, [actor, next, navigate]);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await signIn(form.login.trim(), form.password);
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="wide page account">
      <h1>{t('signInTitle')}</h1>
      <p className="soft">{t('signInLead')}</p>
      <form className="surface padded stack" onSubmit={submit}>
        <Field label={t('login')} required>
          {(field) => (
            <input
              {...field}
              autoComplete="username"
              maxLength={64}
              value={form.login}
              onChange={(e) => setForm({ ...form, login: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('password')} required>
          {(field) => (
            <input
              {...field}
              type="password"
              autoComplete="current-password"
              maxLength={200}
              value={form.password}
              onChange={(e) => setForm({ ...form, password: e.target.value })}
            />
          )}
        </Field>
        {error !== undefined && <ErrorView error={error} inline />}
        <button type="submit" className="button primary" disabled={busy}>
          {t('signIn')}
        </button>
        <p className="soft">
          {t('noAccount')}{' '}
          <Link to="/register" search={{ next } as never}>
            {t('register')}
          </Link>
        </p>
      </form>
    </div>
  );
}
