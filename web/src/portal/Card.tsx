// A dataset in a list.

import { Link } from '@tanstack/react-router';
import { day, number } from '../format';
import { useLang, useText } from '../i18n';
import { messages } from './messages';
import type { DatasetCard } from './types';

export function CardRow({ card, short, level = 3 }: { card: DatasetCard; short?: boolean; level?: 2 | 3 }) {
  const t = useText(messages);
  const { lang } = useLang();
  const Heading = `h${level}` as 'h2' | 'h3';
  const facts = [card.opener.name, card.subject.title, t('updatedAt', { date: day(card.updated_at, lang) })];
  return (
    <li className="card-row">
      <Heading className="card-title">
        <Link to="/datasets/$slug" params={{ slug: card.slug }}>
          {card.title}
        </Link>
      </Heading>
      <p className="card-facts">
        {facts.filter(Boolean).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
      {!short && card.summary && <p className="card-summary">{card.summary}</p>}
      {!short && (
        <p className="card-facts">
          <span className="row">
            {card.formats.map((f) => (
              <span className="tag" key={f}>
                {f.toUpperCase()}
              </span>
            ))}
          </span>
          <span className="tabular">{t('rowsCount', { n: number(card.rows) })}</span>
          <span className="tabular">{t('itemsCount', { n: card.items })}</span>
          <span>{card.frequency.title}</span>
          <span className="tabular">{t('usesCount', { d: number(card.downloads), c: number(card.calls) })}</span>
        </p>
      )}
    </li>
  );
}
