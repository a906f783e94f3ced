import { Link } from '@tanstack/react-router';
import { useText } from '../../i18n';
import { EmptyState } from '../../ui/States';
import { messages } from './messages';

export function NotFound() {
  const t = useText(messages);
  return (
    <EmptyState
      title={t('notFound')}
      action={
        <Link to="/" className="button primary">
          {t('toWorkbench')}
        </Link>
      }
    >
      {t('notFoundLead')}
    </EmptyState>
  );
}
