import { useGet } from '../../api/query';
import { number, percent } from '../../format';
import { useText } from '../../i18n';
import { FactStrip } from '../../ui/Page';
import { messages } from './messages';

/** 共享概况: what was asked for, what was met, and how fast. */
export function Figures() {
  const t = useText(messages);
  const overview = useGet('/sharing/overview', {}, { staleTime: 30_000 });
  const o = overview.data;
  if (!o) return null;
  const facts = [
    { label: t('demands'), value: number(o.requests) },
    { label: t('met'), value: number(o.met) },
    ...(o.met_ratio == null ? [] : [{ label: t('metRate'), value: percent(o.met_ratio) }]),
    ...(o.average_working_days == null ? [] : [{ label: t('averageTime'), value: number(o.average_working_days, 2) }]),
  ];
  return (
    <div style={{ marginBottom: 16 }}>
      <FactStrip figures facts={facts} />
    </div>
  );
}
