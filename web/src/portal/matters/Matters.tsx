import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useGet } from '../../api/query';
import { day } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { EmptyState, Loaded } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { messages } from '../messages';
import { useTitle } from '../title';
import { Gate } from './Gate';

export function Matters() {
  const t = useText(messages);
  useTitle(t('mattersTitle'));
  return (
    <div className="wide page narrow">
      <h1>{t('mattersTitle')}</h1>
      <p className="soft">{t('mattersLead')}</p>
      <Gate>
        <Withdrawals />
        <Opinions />
      </Gate>
    </div>
  );
}

function Withdrawals() {
  const t = useText(messages);
  const { lang } = useLang();
  const list = useGet('/withdrawals', { query: { limit: 100 } });
  return (
    <section aria-labelledby="withdrawals" className="matters">
      <h2 id="withdrawals">{t('withdrawals')}</h2>
      <Loaded query={list}>
        {(page) =>
          page.items.length === 0 ? (
            <None title={t('noWithdrawals')} />
          ) : (
            <ul className="card-rows">
              {page.items.map((w) => (
                <Row
                  key={w.id}
                  title={w.dataset.title}
                  to={
                    <Link to="/me/withdrawals/$id" params={{ id: w.id }}>
                      {w.dataset.title}
                    </Link>
                  }
                  facts={[
                    textOf(messages, lang, `wk_${w.kind}`),
                    w.opener.name,
                    ...(w.record_key ? [t('ofRecord', { key: w.record_key })] : []),
                    t('submitted', { date: day(w.created_at, lang) }),
                  ]}
                  state={w.state}
                  outcome={w.outcome ? textOf(messages, lang, `oc_${w.outcome}`) : undefined}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Opinions() {
  const t = useText(messages);
  const { lang } = useLang();
  const list = useGet('/opinions', { query: { limit: 100 } });
  return (
    <section aria-labelledby="opinions" className="matters">
      <h2 id="opinions">{t('opinions')}</h2>
      <Loaded query={list}>
        {(page) =>
          page.items.length === 0 ? (
            <None title={t('noOpinions')} />
          ) : (
            <ul className="card-rows">
              {page.items.map((o) => (
                <Row
                  key={o.id}
                  title={o.dataset.title}
                  to={
                    <Link to="/me/opinions/$id" params={{ id: o.id }}>
                      {o.dataset.title}
                    </Link>
                  }
                  facts={[
                    textOf(messages, lang, `ok_${o.kind}`),
                    o.opener.name,
                    t('submitted', { date: day(o.created_at, lang) }),
                  ]}
                  state={o.state}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function None({ title }: { title: string }) {
  const t = useText(messages);
  return <EmptyState title={title}>{t('noMattersNext')}</EmptyState>;
}

function Row({
  to,
  facts,
  state,
  outcome,
}: {
  title: string;
  to: ReactNode;
  facts: string[];
  state: string;
  outcome?: string;
}) {
  const t = useText(messages);
  return (
    <li className="card-row">
      <div className="row apart">
        <h3 className="card-title">{to}</h3>
        <Tag tone={state === 'ended' ? 'good' : 'ink'} icon={state === 'ended' ? 'check' : 'clock'}>
          {state === 'ended' ? (outcome ?? t('ended')) : t('running')}
        </Tag>
      </div>
      <p className="card-facts">
        {facts.map((f) => (
          <span key={f}>{f}</span>
        ))}
      </p>
    </li>
  );
}
