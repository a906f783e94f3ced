import { Link } from '@tanstack/react-router';
import { useText } from '../i18n';
import { messages } from './messages';
import { Notice } from './Notice';
import { useTitle } from './title';

export function NotFound() {
  const t = useText(messages);
  useTitle(t('notFound'));
  return (
    <div className="wide page">
      <Notice
        page
        title={t('notFound')}
        action={
          <span className="row">
            <Link className="button primary" to="/datasets">
              {t('datasets')}
            </Link>
            <Link className="button" to="/">
              {t('home')}
            </Link>
          </span>
        }
      >
        {t('notFoundNext')}
      </Notice>
    </div>
  );
}
