// One entry of the ledger, and the path from its leaf to the signed root,
// computed by the reader's own browser.

import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useGet } from '../../api/query';
import { moment, number, short } from '../../format';
import { bracketed, textOf, useLang, useText } from '../../i18n';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView, Loaded, Skeleton } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { articles, nameOf } from './Ledger';
import { leafHash, normalise, type Verdict, verifyInclusion } from './merkle';
import { messages } from './messages';
import { pageOf, messages as record, subjectName } from './record';
import './proof.css';
import type { Entry, Proof } from './types';

export function LedgerEntry() {
  const { seq } = useParams({ strict: false }) as { seq: string };
  const t = useText(messages);
  const { lang } = useLang();
  const entry = useGet('/ledger/{seq}', { path: { seq: Number(seq) } });
  const proof = useGet('/ledger/{seq}/proof', { path: { seq: Number(seq) } }, { retry: false });
  const keyName = (key: string) => {
    const name = textOf(record, lang, `k_${key}`);
    return name === `k_${key}` ? key : name;
  };
  return (
    <Loaded query={entry}>
      {(e) => (
        <>
          <PageHead
            title={t('entry', { n: number(e.seq) })}
            crumbs={<Link to={'/supervision/ledger' as never}>{t('ledgerTitle')}</Link>}
            lead={e.kind_title}
          />
          <FactStrip
            facts={[
              { label: t('at'), value: moment(e.at, lang, true) },
              { label: t('actor'), value: nameOf(e.actor) },
              { label: t('institution'), value: nameOf(e.institution) || '—' },
              { label: t('article'), value: articles(e) || '—' },
              { label: t('subjectId'), value: <Subject id={e.subject} /> },
            ]}
          />
          <div className="split wide-right" style={{ marginTop: 16 }}>
            <section className="surface padded stack">
              <h2>{t('proof')}</h2>
              <p className="soft">{t('proofLead')}</p>
              {proof.error ? (
                <ErrorView error={proof.error} inline />
              ) : proof.data ? (
                <ProofView entry={e} proof={proof.data} />
              ) : (
                <Skeleton />
              )}
            </section>
            <section className="surface padded right stack tight">
              <h2>{t('data')}</h2>
              <p className="faint small">{t('dataNote')}</p>
              <dl className="pairs">
                {Object.entries(e.data).map(([key, value]) => (
                  <div key={key} style={{ display: 'contents' }}>
                    <dt title={key}>{keyName(key)}</dt>
                    <dd className="mono">{String(value)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          </div>
        </>
      )}
    </Loaded>
  );
}

/** By name, with its page where there is one; the whole id is what the entry was hashed with. */
function Subject({ id }: { id: string }) {
  const { lang } = useLang();
  const name = subjectName((key) => textOf(record, lang, key), id);
  const page = pageOf(id);
  return (
    <span title={id}>
      {page ? <Link to={page as never}>{name}</Link> : name}
    </span>
  );
}

function ProofView({ entry, proof }: { entry: Entry; proof: Proof }) {
  const t = useText(messages);
  const { lang } = useLang();
  const [verdict, setVerdict] = useState<Verdict>();
  useEffect(() => {
    let gone = false;
    const run = async () => {
      const leaf = await leafHash(entry.canonical);
      const { index, size, hashes } = proof.proof;
      const result = await verifyInclusion(leaf, index, size, hashes, proof.checkpoint.root);
      if (!gone) setVerdict(result);
    };
    run();
    return () => {
      gone = true;
    };
  }, [entry, proof]);
  if (!verdict) return <Skeleton />;
  return (
    <div className="stack">
      <div role="status" data-proof={verdict.ok ? 'ok' : 'bad'}>
        <Tag tone={verdict.ok ? 'good' : 'bad'} icon={verdict.ok ? 'check' : 'alert'}>
          {verdict.ok ? t('proofOk') : t('proofBad')}
        </Tag>
      </div>
      <ol className="proof-path">
        <li className="root">
          <span>{t('checkpoint')}</span>
          <code>{normalise(proof.checkpoint.root)}</code>
          <span className="faint small">
            {proof.checkpoint.origin} · {t('treeSize')} {number(proof.checkpoint.size)} ·{' '}
            {moment(proof.checkpoint.at, lang, true)}
          </span>
        </li>
        {[...verdict.steps].reverse().map((step) => (
          <li key={step.level}>
            <span>{t('level', { n: step.level })}</span>
            <code title={step.result}>{step.result}</code>
            <span className="faint small">
              {bracketed(t('sibling'), t(step.side))} <code title={step.neighbour}>{short(step.neighbour)}</code>
            </span>
          </li>
        ))}
        <li className="leaf">
          <span>{t('leaf')}</span>
          <code>{verdict.leaf}</code>
          <span className="faint small">{t('leafFromEntry')}</span>
        </li>
      </ol>
      {proof.checkpoint.note && (
        <details>
          <summary>{t('signatures')}</summary>
          <pre className="code-sample" tabIndex={0}>
            {proof.checkpoint.note}
          </pre>
        </details>
      )}
    </div>
  );
}
