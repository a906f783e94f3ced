// 质量概况: how much is wrong by category, and how old the open orders are.

import { lazy, Suspense, useMemo } from 'react';
import { useGet } from '../../api/query';
import { number, percent } from '../../format';
import { useText } from '../../i18n';
import { FactStrip } from '../../ui/Page';
import { Skeleton } from '../../ui/States';
import { messages } from './messages';
import { score } from './types';

const BarFigure = lazy(() => import('../../ui/console/BarFigure').then((m) => ({ default: m.BarFigure })));

const ratio = (v: number) => percent(v, 2);
const count = (v: number) => number(v);

export function QualityFigures() {
  const t = useText(messages);
  const overview = useGet('/quality/overview', {}, { staleTime: 10_000 });
  const o = overview.data;
  const categories = useMemo(
    () => (o?.categories ?? []).map((c) => ({ name: c.title, value: c.checked ? c.failed / c.checked : 0 })),
    [o],
  );
  const ages = useMemo(
    () =>
      (o?.ageing ?? []).map((a) => ({
        name: a.days_max == null ? t('older') : t('withinDays', { n: a.days_max }),
        value: a.count,
      })),
    [o, t],
  );
  if (!o) return null;
  const facts = [
    { label: t('score'), value: score(o.score) },
    { label: t('problemRate'), value: o.problem_rate == null ? '—' : ratio(o.problem_rate) },
    { label: t('openCount'), value: number(o.orders_open) },
    { label: t('closedCount'), value: number(o.orders_closed) },
    { label: t('average'), value: o.orders_mean_days == null ? '—' : number(o.orders_mean_days, 1) },
  ];
  return (
    <div className="stack" style={{ marginBottom: 16 }}>
      <FactStrip figures facts={facts} />
      {(categories.length > 0 || o.orders_open > 0) && (
        <section className="surface padded two-figures">
          <Suspense fallback={<Skeleton lines={6} />}>
            {categories.length > 0 && <BarFigure title={t('byCategory')} bars={categories} show={ratio} />}
            {o.orders_open > 0 && <BarFigure title={t('byAge')} bars={ages} show={count} />}
          </Suspense>
        </section>
      )}
    </div>
  );
}
