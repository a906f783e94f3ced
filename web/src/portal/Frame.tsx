// Head, way round and foot of every page of the portal.

import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useLang, useText } from '../i18n';
import { signedIn, signOut, useSession } from '../session';
import { Icon } from '../ui/icons';
import { useElder } from './elder';
import { messages } from './messages';

export function Frame() {
  const t = useText(messages);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="portal">
      <a className="skip-link" href="#main">
        {t('skip')}
      </a>
      <header className="portal-head">
        <div className="wide portal-head-row">
          <Brand />
          <button
            type="button"
            className="button quiet portal-menu"
            aria-expanded={open}
            aria-controls="portal-nav"
            aria-label={t('navMain')}
            onClick={() => setOpen((o) => !o)}
          >
            <Icon name={open ? 'cross' : 'menu'} size={20} />
          </button>
          <div id="portal-nav" className={open ? 'portal-nav open' : 'portal-nav'}>
            <nav aria-label={t('navMain')}>
              <Link to="/" activeOptions={{ exact: true }}>
                {t('home')}
              </Link>
              <Link to="/datasets">{t('datasets')}</Link>
              <Link to="/developers">{t('developers')}</Link>
              <Link to="/me">{t('matters')}</Link>
            </nav>
            <Tools />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Foot />
    </div>
  );
}

function Brand() {
  const t = useText(messages);
  const { node } = useSession();
  return (
    <Link to="/" className="portal-brand">
      <svg viewBox="0 0 32 24" width="32" height="24" aria-hidden="true">
        <path d="M1 18h30M3 18C8 4 24 4 29 18M9 18v-6.6M16 18V7.6M23 18v-6.6M5 22h22" />
      </svg>
      <span>
        <strong>
          {t('site', { place: node.division_name })}
        </strong>
      </span>
    </Link>
  );
}

function Tools() {
  const t = useText(messages);
  const { lang, setLang } = useLang();
  const { elder, setElder } = useElder();
  const { actor } = useSession();
  return (
    <div className="portal-tools">
      <button type="button" className="link-button" aria-pressed={elder} onClick={() => setElder(!elder)}>
        {elder ? t('elderOff') : t('elder')}
      </button>
      <button
        type="button"
        className="link-button"
        lang={lang === 'zh' ? 'en' : 'zh-CN'}
        onClick={() => setLang(lang === 'zh' ? 'en' : 'zh')}
      >
        {t('language')}
      </button>
      {signedIn(actor) ? (
        <>
          <span className="soft portal-who">{actor.name}</span>
          <button type="button" className="link-button" onClick={() => signOut().then(() => location.assign('/'))}>
            {t('signOut')}
          </button>
        </>
      ) : (
        <Link to="/sign-in">{t('signIn')}</Link>
      )}
    </div>
  );
}

function Foot() {
  const t = useText(messages);
  const { node } = useSession();
  return (
    <footer className="portal-foot">
      <div className="wide portal-foot-grid">
        <div>
          <h2>{t('footAbout')}</h2>
          <p>{node.name}</p>
          <p className="soft">{t('footLaw')}</p>
        </div>
        <div>
          <h2>{t('footMachine')}</h2>
          <ul>
            <li>
              <a href="/catalog.ttl">DCAT-AP (Turtle)</a>
            </li>
            <li>
              <a href="/catalog.jsonld">DCAT-AP (JSON-LD)</a>
            </li>
            <li>
              <a href="/api/3/action/package_list">CKAN</a>
            </li>
            <li>
              <a href="/openapi.json">OpenAPI</a>
            </li>
          </ul>
        </div>
        <div>
          <h2>{t('footInvolve')}</h2>
          <ul>
            <li>
              <Link to="/me">{t('matters')}</Link>
            </li>
            <li>
              <Link to="/register">{t('register')}</Link>
            </li>
            <li>
              <a href="/console/">{t('console')}</a>
            </li>
          </ul>
        </div>
      </div>
    </footer>
  );
}
