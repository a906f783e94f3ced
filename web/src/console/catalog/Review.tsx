import { Link, useParams } from '@tanstack/react-router';
import { App } from 'antd';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import type { Resource } from '../../api/types';
import { useText } from '../../i18n';
import { Compare } from '../../ui/Compare';
import { type Decision, ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { PageHead } from '../../ui/Page';
import { EmptyState, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { messages } from './messages';
import { Overview } from './ResourceDetail';
import { ItemsTable } from './shared';
import { useValueName } from './values';

export function Review() {
  const { id } = useParams({ strict: false }) as { id: string };
  const resource = useGet('/resources/{id}', { path: { id } });
  return <Loaded query={resource}>{(r) => <ReviewOf r={r} />}</Loaded>;
}

function ReviewOf({ r }: { r: Resource }) {
  const t = useText(messages);
  const go = useGo();
  const { message } = App.useApp();
  const timeline = useGet('/resources/{id}/timeline', { path: { id: r.id } });
  const step = timeline.data?.steps.find((s) => !s.closed_at && s.allowed_outcomes.length);
  const decide = useAct(
    (d: Decision) => post('/resources/{id}/review', { path: { id: r.id }, body: { ...d, revision: r.revision } }),
    () => {
      message.success(t('decided'));
      go(`/catalog/${r.id}`);
    },
  );
  return (
    <>
      <PageHead
        title={`${t('reviewTitle')} · ${r.title}`}
        lead={t('reviewLead')}
        crumbs={
          <Link to={'/catalog/$id' as never} params={{ id: r.id } as never}>
            <code>{r.code}</code> · {r.provider.name}
          </Link>
        }
      />
      {timeline.data !== undefined && !step ? (
        <EmptyState
          title={t('notInReview')}
          action={
            <Link to={'/catalog/$id' as never} params={{ id: r.id } as never}>
              {t('leave')}
            </Link>
          }
        >
          {t('notInReviewText')}
        </EmptyState>
      ) : (
        <div className="split wide-right">
          <section className="surface padded stack" aria-label={t('compare')}>
            <Changes r={r} />
          </section>
          <div className="right">
            <ProcedurePanel timeline={timeline.data} onDecide={(d) => decide.mutateAsync(d)} />
          </div>
        </div>
      )}
    </>
  );
}

/** Against the version before; a first version is shown whole. */
function Changes({ r }: { r: Resource }) {
  const t = useText(messages);
  const valueName = useValueName(r.related);
  const versions = useGet('/resources/{id}/versions', {
    path: { id: r.id },
  });
  const before = versions.data
    ?.map((v) => v.version)
    .filter((v) => v < r.version)
    .sort((a, b) => b - a)[0];
  const comparison = useGet(
    '/resources/{id}/compare',
    { path: { id: r.id }, query: { from: before ?? 0, to: r.version } },
    { enabled: before !== undefined },
  );
  if (before !== undefined && comparison.data) {
    return (
      <>
        <p className="faint">{t('against', { n: before })}</p>
        <Compare comparison={comparison.data} valueName={valueName} />
      </>
    );
  }
  return (
    <>
      <p className="faint">{t('firstVersion')}</p>
      <p>{r.summary}</p>
      <Overview r={r} />
      <h2>{t('items')}</h2>
      <ItemsTable items={r.items} />
    </>
  );
}
