// The head of a page (name, one sentence, the one main action) and the strip of facts below it.

import { type ReactNode, useEffect } from 'react';
import { useLang } from '../i18n';
import './states.css';

export function PageHead({
  title,
  lead,
  action,
  crumbs,
}: {
  title: ReactNode;
  lead?: ReactNode;
  action?: ReactNode;
  crumbs?: ReactNode;
}) {
  const { lang } = useLang();
  useEffect(() => {
    if (typeof title === 'string') document.title = `${title} · ${lang === 'en' ? 'Shuqiao' : '数桥'}`;
  }, [title, lang]);
  return (
    <header className="page-head">
      <div>
        {crumbs && <div className="small faint page-crumbs">{crumbs}</div>}
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {action && <div className="row">{action}</div>}
    </header>
  );
}

export interface Fact {
  label: string;
  value: ReactNode;
}

/** The five facts that matter; `figures` are read from afar. */
export function FactStrip({ facts, figures }: { facts: Fact[]; figures?: boolean }) {
  return (
    <dl className={figures ? 'facts large' : 'facts'}>
      {facts.map((fact) => (
        <div className="fact" key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>{fact.value ?? '—'}</dd>
        </div>
      ))}
    </dl>
  );
}
