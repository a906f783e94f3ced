// What a page shows when it waits, fails or has nothing: never a blank.

import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import type { Problem } from '../api/types';
import { useText } from '../i18n';
import { Icon } from './icons';
import { messages } from './messages';
import './states.css';

export function Skeleton({ lines = 4 }: { lines?: number }) {
  const t = useText(messages);
  return (
    <div className="stack tight" role="status" aria-label={t('loading')}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="skeleton" style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** What this place is for and how it fills; `action` starts the filling. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children && <p className="soft">{children}</p>}
      {action}
    </div>
  );
}

export const problemOf = (error: unknown): Problem =>
  error instanceof ApiError
    ? error.problem
    : {
        type: 'about:blank',
        title: error instanceof Error ? error.message : String(error),
        status: 0,
        code: 'unexpected',
        next: '',
      };

/** What is wrong, what to do next, the article; the trace for whoever is asked for help. */
export function ErrorView({
  error,
  retry,
  inline,
  fieldName,
}: {
  error: unknown;
  retry?: () => void;
  inline?: boolean;
  /** The name on the form of a field's path; a path itself is nothing to show to people. */
  fieldName?: (path: string) => string | undefined;
}) {
  const t = useText(messages);
  const problem = problemOf(error);
  return (
    <div className={inline ? 'problem inline' : 'problem'} role="alert">
      <Icon name="alert" />
      <div className="stack tight">
        <strong>{problem.title}</strong>
        {problem.next && <span>{problem.next}</span>}
        {problem.article && <span className="soft">{problem.article}</span>}
        {problem.errors && problem.errors.length > 0 && (
          <ul className="problem-fields">
            {problem.errors.map((e) => (
              <li key={`${e.field}-${e.code}`}>
                {fieldName?.(e.field) && <strong>{t('fieldIs', { field: fieldName(e.field) ?? '' })}</strong>}
                {e.message}
              </li>
            ))}
          </ul>
        )}
        {problem.trace && (
          <span className="faint small">
            {t('trace')} <code>{problem.trace}</code>
          </span>
        )}
        {/* A refusal or a missing thing stays what it is. */}
        {retry && problem.status !== 403 && problem.status !== 404 && (
          <span>
            <button type="button" className="button" onClick={retry}>
              {t('retry')}
            </button>
          </span>
        )}
      </div>
    </div>
  );
}

/** The three ends of a query, then its content. */
export function Loaded<T>({
  query,
  children,
  lines,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorView error={query.error} retry={() => query.refetch()} />;
  return <Skeleton lines={lines} />;
}
