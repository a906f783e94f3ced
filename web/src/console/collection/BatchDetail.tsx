import { Link, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { ApiError, post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { bytes, moment, number, short } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { FactStrip, PageHead } from '../../ui/Page';
import { Progress } from '../../ui/Progress';
import { ErrorView, Loaded, problemOf } from '../../ui/States';
import { BatchState } from './Batches';
import { messages } from './messages';
import { Quarantine } from './Quarantine';
import { type Batch, RUNNING } from './types';

const POLL_MS = 700;

export function BatchDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const batch = useGet(
    '/batches/{id}',
    { path: { id } },
    {
      refetchInterval: (q) => (q.state.data && RUNNING.includes(q.state.data.state) ? POLL_MS : false),
    },
  );
  return <Loaded query={batch}>{(b) => <Detail b={b} />}</Loaded>;
}

function Detail({ b }: { b: Batch }) {
  const t = useText(messages);
  const { lang } = useLang();
  const act = useAct((name: 'cancel' | 'retry') => post(`/batches/{id}/${name}`, { path: { id: b.id } }));
  const running = RUNNING.includes(b.state);
  return (
    <>
      <PageHead
        title={b.file_name ?? `${t('batch')} · ${textOf(messages, lang, `batchKind_${b.kind}`)}`}
        crumbs={
          <>
            <Link to={'/catalog/$id' as never} params={{ id: b.resource_id } as never}>
              {b.resource_title}
            </Link>
            <span>·</span>
            <Link to={'/collection/sources/$id' as never} params={{ id: b.source_id } as never}>
              {b.source_title}
            </Link>
          </>
        }
        lead={moment(b.received_at, lang, true)}
        action={
          b.actions.includes('retry') ? (
            <Button type="primary" loading={act.isPending} onClick={() => act.mutate('retry')}>
              {t('retry')}
            </Button>
          ) : undefined
        }
      />
      <div className="stack">
        {running && (
          <section className="surface padded">
            <Progress
              label={textOf(messages, lang, `batch_${b.state}`)}
              fraction={b.progress.fraction}
              rowsPerSecond={b.progress.rows_per_s}
              secondsLeft={b.progress.eta_s}
              action={
                b.actions.includes('cancel') ? (
                  <Button size="small" onClick={() => act.mutate('cancel')}>
                    {t('cancel')}
                  </Button>
                ) : undefined
              }
            />
          </section>
        )}
        {b.error && <ErrorView error={new ApiError(b.error)} />}
        {act.error && problemOf(act.error) && <ErrorView error={act.error} inline />}
        {b.same_as && (
          <section className="surface padded row apart">
            <span>{t('sameAs')}</span>
            <Link to={'/collection/batches/$id' as never} params={{ id: b.same_as } as never}>
              {t('seeSame')}
            </Link>
          </section>
        )}
        <FactStrip
          facts={[
            { label: t('state'), value: <BatchState state={b.state} /> },
            { label: t('rowsRead'), value: <span className="tabular">{number(b.rows_read)}</span> },
            { label: t('rowsGood'), value: <span className="tabular">{number(b.rows_good)}</span> },
            { label: t('rowsBad'), value: <span className="tabular">{number(b.rows_quarantined)}</span> },
            { label: t('rowsWritten'), value: <span className="tabular">{number(b.rows_written)}</span> },
          ]}
        />
        <section className="surface padded stack tight">
          {b.state === 'done' && (
            <p className="soft">
              {t('sumsUp', { read: number(b.rows_read), good: number(b.rows_good), bad: number(b.rows_quarantined) })}
            </p>
          )}
          {b.unknown_columns.length > 0 && <p>{t('unknownColumns', { names: b.unknown_columns.join(separator()) })}</p>}
          {b.normalised > 0 && <p>{t('normalised', { n: number(b.normalised) })}</p>}
          <dl className="pairs two">
            <dt>{t('loadMode')}</dt>
            <dd>{textOf(messages, lang, `mode_${b.load_mode}`)}</dd>
            <dt>{t('format')}</dt>
            <dd>{[b.format?.toUpperCase(), b.encoding?.toUpperCase()].filter(Boolean).join(' · ') || '—'}</dd>
            <dt>{t('size')}</dt>
            <dd>{bytes(b.bytes)}</dd>
            {b.digest && (
              <>
                <dt>{t('digest')}</dt>
                <dd>
                  <code title={b.digest}>SHA-256 {short(b.digest)}</code>
                </dd>
              </>
            )}
            {b.table_version != null && (
              <>
                <dt>{t('tableVersion')}</dt>
                <dd className="tabular">{b.table_version}</dd>
              </>
            )}
          </dl>
        </section>
        {!running && b.rows_quarantined > 0 && <Quarantine batch={b} />}
      </div>
    </>
  );
}
