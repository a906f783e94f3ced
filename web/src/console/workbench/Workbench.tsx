import { Segmented } from 'antd';
import { useGet } from '../../api/query';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { Clock, useClockText } from '../../ui/Clock';
import { ListPage } from '../../ui/console/ListPage';
import { FactStrip, PageHead } from '../../ui/Page';
import { useAddress } from '../frame/search';
import { messages } from './messages';

export function Workbench() {
  const t = useText(messages);
  const { lang } = useLang();
  const clockText = useClockText();
  const [address, setAddress] = useAddress();
  const count = useGet('/tasks/count');
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <FactStrip
        figures
        facts={[
          { label: t('open'), value: count.data?.open ?? '—' },
          { label: t('warning'), value: count.data?.warning ?? '—' },
          { label: t('overdue'), value: count.data?.overdue ?? '—' },
        ]}
      />
      <div style={{ height: 16 }} />
      <ListPage
        id="tasks"
        path="/tasks"
        caption={t('caption')}
        fixed={{ state: address.state ?? 'open' }}
        tools={
          <Segmented
            value={address.state ?? 'open'}
            onChange={(state) => setAddress({ state: state === 'open' ? undefined : String(state) })}
            options={[
              { value: 'open', label: t('openState') },
              { value: 'done', label: t('doneState') },
            ]}
          />
        }
        rowKey={(task) => task.step_id}
        rowHref={(task) => task.href}
        columns={[
          {
            key: 'subject',
            title: t('subject'),
            narrow: true,
            text: (task) => task.subject.title,
            render: (task) => (
              <span className="title-cell">
                <strong>{task.subject.title}</strong>
                <span className="faint small">{task.step_title}</span>
              </span>
            ),
          },
          {
            key: 'kind',
            title: t('kind'),
            nowrap: true,
            text: (task) => task.kind_title,
            render: (task) => task.kind_title,
          },
          {
            key: 'opened',
            title: t('opened'),
            nowrap: true,
            text: (task) => moment(task.opened_at, lang),
            render: (task) => <span className="tabular">{moment(task.opened_at, lang)}</span>,
          },
          {
            key: 'deadline',
            title: t('deadline'),
            narrow: true,
            text: (task) => (task.clock ? clockText(task.clock) : ''),
            render: (task) => <Clock clock={task.clock} />,
          },
        ]}
        empty={{ title: t('emptyTitle'), text: t('emptyText') }}
      />
    </>
  );
}
