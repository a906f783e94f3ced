import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useText } from '../../i18n';
import { messages } from '../messages';
import { Notice } from '../Notice';

/** After a form was sent: what happens next, and where to see it. */
export function Sent({ title, text, slug, to }: { title: string; text: string; slug: string; to: ReactNode }) {
  const t = useText(messages);
  return (
    <div role="status">
      <Notice
        title={title}
        action={
          <span className="row">
            {to}
            <Link className="button" to="/datasets/$slug" params={{ slug }}>
              {t('back')}
            </Link>
          </span>
        }
      >
        {text}
      </Notice>
    </div>
  );
}
