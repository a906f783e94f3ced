// Matters belong to somebody: a citizen, a firm or an organisation that is signed in.

import { Link, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useText } from '../../i18n';
import { useSession } from '../../session';
import { messages } from '../messages';
import { Notice } from '../Notice';

export function Gate({ children }: { children: ReactNode }) {
  const t = useText(messages);
  const { actor } = useSession();
  const next = useRouterState({ select: (s) => s.location.pathname });
  if (actor.kind === 'data_user') return children;
  if (actor.kind === 'person') return <Notice title={t('needSignIn')}>{t('staffHere')}</Notice>;
  return (
    <Notice
      title={t('needSignIn')}
      action={
        <span className="row">
          <Link className="button primary" to="/sign-in" search={{ next } as never}>
            {t('signIn')}
          </Link>
          <Link className="button" to="/register" search={{ next } as never}>
            {t('register')}
          </Link>
        </span>
      }
    >
      {t('needSignInText')}
    </Notice>
  );
}
