import { useGet } from '../../api/query';
import { amount, number, percent } from '../../format';
import { useLang, useText } from '../../i18n';
import { FactStrip } from '../../ui/Page';
import { messages } from './messages';

interface Overview {
  requests?: number;
  met?: number;
  met_ratio?: number;
  average_working_days?: number;
  calls?: number;
}

/** 共享概况: what is known of demands and calls; nothing where the server tells nothing. */
export function Figures() {
  const t = useText(messages);
  const { lang } = useLang();
  const overview = useGet<Overview>('/sharing/overview', {}, { staleTime: 30_000 });
  const o = overview.data;
  if (!o) return null;
  const facts = [
    { label: t('demands'), value: o.requests === undefined ? undefined : number(o.requests) },
    { label: t('met'), value: o.met === undefined ? undefined : number(o.met) },
    {
      label: t('metRate'),
      value: o.met_ratio === undefined || o.met_ratio === null ? undefined : percent(o.met_ratio),
    },
    { label: t('averageTime'), value: o.average_working_days == null ? undefined : number(o.average_working_days, 2) },
    { label: t('calls'), value: o.calls === undefined ? undefined : amount(o.calls, lang) },
  ].filter((f) => f.value !== undefined);
  if (facts.length === 0) return null;
  return (
    <div style={{ marginBottom: 16 }}>
      <FactStrip figures facts={facts} />
    </div>
  );
}
