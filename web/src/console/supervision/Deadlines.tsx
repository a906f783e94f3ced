import { useGet } from '../../api/query';
import { moment, number, percent } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { Clock, useClockText } from '../../ui/Clock';
import { ListPage } from '../../ui/console/ListPage';
import { FactStrip, PageHead } from '../../ui/Page';
import { messages } from './messages';

const STATES = ['running', 'warning', 'overdue', 'kept', 'missed'] as const;

/** 法定期限登记 (SUP-1). */
export function Deadlines() {
  const t = useText(messages);
  const { lang } = useLang();
  const clockText = useClockText();
  const figures = useGet('/deadlines/figures');
  const f = figures.data;
  const ended = f ? f.kept + f.missed : 0;
  return (
    <>
      <PageHead title={t('deadlinesTitle')} lead={t('deadlinesLead')} />
      {f && (
        <div style={{ marginBottom: 16 }}>
          <FactStrip
        figures
            facts={[
              ...STATES.map((s) => ({
                label: t(`state_${s}`),
                value: <span className="tabular">{number(f[s])}</span>,
              })),
              { label: t('keptRate'), value: ended ? percent(f.kept / ended) : '—' },
            ]}
          />
        </div>
      )}
      <ListPage
        id="deadlines"
        path="/deadlines"
        caption={t('deadlineCaption')}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: STATES.map((s) => ({ value: s, label: textOf(messages, lang, `state_${s}`) })),
          },
        ]}
        rowKey={(d) => d.step_id}
        rowHref={(d) => d.href}
        columns={[
          {
            key: 'subject',
            title: t('subject'),
            narrow: true,
            text: (d) => d.subject.title,
            render: (d) => (
              <span className="title-cell">
                <strong>{d.subject.title}</strong>
                <span className="faint small">
                  {d.kind_title} · {d.step_title}
                </span>
              </span>
            ),
          },
          {
            key: 'who',
            title: t('who'),
            text: (d) => d.institution?.name ?? '',
            render: (d) => d.institution?.name ?? '—',
          },
          {
            key: 'due',
            title: t('due'),
            nowrap: true,
            text: (d) => moment(d.clock.due, lang),
            render: (d) => <span className="tabular">{moment(d.clock.due, lang)}</span>,
          },
          {
            key: 'clock',
            title: t('clock'),
            narrow: true,
            text: (d) => clockText(d.clock),
            render: (d) => <Clock clock={d.clock} article={false} />,
          },
          {
            key: 'article',
            title: t('article'),
            text: (d) => d.clock.article.citation,
            render: (d) => <span className="soft">{d.clock.article.citation}</span>,
          },
        ]}
        empty={{ title: t('noDeadlines'), text: t('noDeadlinesText') }}
      />
    </>
  );
}
