// Top bar, capabilities in the order of the work, content. On a narrow screen
// the navigation becomes a drawer.

import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Button, Drawer, Modal } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../../i18n';
import { signedIn, useSession } from '../../session';
import { useStored } from '../../ui/console/SavedViews';
import { Icon } from '../../ui/icons';
import { EmptyState } from '../../ui/States';
import { KeyHelp } from './KeyHelp';
import { messages } from './messages';
import { Navigation } from './Navigation';
import { SignInForm } from './SignIn';
import { TopBar } from './TopBar';

export function Frame() {
  const { actor } = useSession();
  const t = useText(messages);
  const navigate = useNavigate();
  const location = useRouterState({ select: (s) => s.location });
  const [narrowOpen, setNarrowOpen] = useState(false);
  const [collapsed, setCollapsed] = useStored('nav.collapsed', false);
  const isIn = signedIn(actor);
  const been = useRef<string>(undefined);

  useEffect(() => {
    if (!isIn && !been.current && location.pathname !== '/sign-in')
      navigate({ to: '/sign-in', search: { next: location.href } as never, replace: true });
  }, [isIn, navigate, location.href]);
  // Another person's page is not theirs to go on with.
  useEffect(() => {
    if (!isIn) return;
    if (been.current && been.current !== actor.id) window.location.assign('/console/');
    been.current = actor.id ?? undefined;
  }, [isIn, actor.id]);
  useEffect(() => setNarrowOpen(false), [location.pathname]);

  if (!isIn && !been.current) return null;
  return (
    <div className={collapsed ? 'frame collapsed' : 'frame'}>
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <TopBar
        menu={
          <Button
            type="text"
            className="menu-button"
            aria-label={t('menu')}
            icon={<Icon name="menu" size={20} />}
            onClick={() => setNarrowOpen(true)}
          />
        }
      />
      <div className="nav-rail">
        <Navigation collapsed={collapsed} />
        <button
          type="button"
          className="nav-collapse"
          aria-label={collapsed ? t('expand') : t('collapse')}
          onClick={() => setCollapsed(!collapsed)}
        >
          <span aria-hidden="true">{collapsed ? '»' : '«'}</span>
        </button>
      </div>
      <Drawer open={narrowOpen} onClose={() => setNarrowOpen(false)} placement="left" size={260} title={t('menu')}>
        <Navigation collapsed={false} />
      </Drawer>
      <main id="content" className="content" tabIndex={-1}>
        <div className="content-inner">
          {actor.kind === 'data_user' ? (
            <EmptyState
              title={t('forPeople')}
              action={
                <a className="button primary" href="/">
                  {t('backToPortal')}
                </a>
              }
            >
              {t('forPeopleLead')}
            </EmptyState>
          ) : (
            <Outlet />
          )}
        </div>
      </main>
      <KeyHelp />
      {/* A session that ends while somebody works must not take the page, and what was typed, with it. */}
      <Modal open={!isIn} closable={false} footer={null} keyboard={false} title={t('signedOut')} width={420}>
        <p className="soft" style={{ marginBottom: 16 }}>
          {t('signedOutText')}
        </p>
        <SignInForm />
      </Modal>
    </div>
  );
}
