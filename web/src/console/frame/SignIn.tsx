import { Button, Form, Input } from 'antd';
import { useEffect, useState } from 'react';
import { useLang, useText } from '../../i18n';
import { signedIn, signIn, useSession } from '../../session';
import { ErrorView } from '../../ui/States';
import { messages } from './messages';
import { useAddress, useGo } from './search';

export function SignIn() {
  const t = useText(messages);
  const { lang, setLang } = useLang();
  const { actor, node } = useSession();
  const [{ next }] = useAddress();
  const go = useGo();
  useEffect(() => {
    document.title = `${t('signInTitle')} · ${t('product')}`;
  }, [t]);
  useEffect(() => {
    if (signedIn(actor)) go(next && /^\/(?!\/)/.test(next) ? next : '/');
  }, [actor, go, next]);
  return (
    <div className="sign-in">
      <aside className="sign-in-side">
        <div>
          <p className="sign-in-node">{node.name}</p>
          <p className="sign-in-product">{t('productLong')}</p>
          <p>{t('tagline')}</p>
        </div>
        <Bridge />
      </aside>
      <main className="sign-in-form">
        <div className="row apart">
          <h1>{t('signInTitle')}</h1>
          <Button type="link" onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}>
            {t('language')}
          </Button>
        </div>
        <p className="soft">{t('signInLead')}</p>
        <div style={{ marginTop: 24 }}>
          <SignInForm />
        </div>
        <p style={{ marginTop: 24 }}>
          <a href="/">{t('backToPortal')}</a>
        </p>
      </main>
    </div>
  );
}

/** Name and password; whoever waits for the session sees it change. */
export function SignInForm() {
  const t = useText(messages);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async ({ login, password }: { login: string; password: string }) => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(login.trim(), password);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form layout="vertical" onFinish={submit} requiredMark={false}>
      <Form.Item name="login" label={t('login')} rules={[{ required: true, message: t('loginRequired') }]}>
        <Input size="large" autoComplete="username" autoFocus />
      </Form.Item>
      <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('passwordRequired') }]}>
        <Input.Password size="large" autoComplete="current-password" />
      </Form.Item>
      {error !== undefined && <ErrorView error={error} inline />}
      <Button type="primary" htmlType="submit" size="large" block loading={busy} style={{ marginTop: 16 }}>
        {t('signIn')}
      </Button>
    </Form>
  );
}

/** A covered bridge of lines: the product's name, drawn. */
function Bridge() {
  const deck = 150;
  const posts = Array.from({ length: 23 }, (_, i) => 20 + i * 22);
  const arch = (x: number) => deck - 96 * Math.sin((Math.PI * (x - 20)) / 484);
  return (
    <svg viewBox="0 0 524 220" className="bridge" aria-hidden="true">
      <path d={`M20 ${deck} ${posts.map((x) => `L${x} ${arch(x).toFixed(1)}`).join(' ')}`} />
      <path d={`M0 ${deck}H524`} />
      {posts.map((x) => (
        <path key={x} d={`M${x} ${arch(x).toFixed(1)}V${deck}`} />
      ))}
      <path d={`M0 ${deck + 26}H524M30 ${deck + 40}H494M80 ${deck + 54}H444`} opacity="0.4" />
    </svg>
  );
}
