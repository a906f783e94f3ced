import { Segmented } from 'antd';
import { moment } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { useHasRole } from '../../session';
import { Clock, useClockText } from '../../ui/Clock';
import { ListPage } from '../../ui/console/ListPage';
import { messages as ui } from '../../ui/messages';
import { PageHead } from '../../ui/Page';
import { ModeTags, Tag } from '../../ui/Tags';
import { useAddress } from '../frame/search';
import { Figures } from './Figures';
import { messages } from './messages';
import { ItemList } from './parts';

const ROLES = ['applicant', 'provider', 'authority'] as const;

export function Requests() {
  const t = useText(messages);
  const { lang } = useLang();
  const clockText = useClockText();
  const has = useHasRole();
  const [address, setAddress] = useAddress();
  const mine = has('reviewer', 'decider') ? 'authority' : has('approver') ? 'provider' : 'applicant';
  const role = address.role ?? mine;
  return (
    <>
      <PageHead title={t('requestsTitle')} lead={t('requestsLead')} />
      <Figures />
      <ListPage
        id="share-requests"
        path="/share-requests"
        caption={t('requestCaption')}
        fixed={{ role }}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: ['running', 'granted', 'refused'].map((s) => ({
              value: s,
              label: textOf(messages, lang, `state_${s}`),
            })),
          },
        ]}
        tools={
          <Segmented
            value={role}
            onChange={(value) => setAddress({ role: String(value) })}
            options={ROLES.map((r) => ({ value: r, label: t(`as_${r}`) }))}
          />
        }
        rowKey={(r) => r.id}
        rowHref={(r) => `/sharing/requests/${r.id}`}
        rowTitle={(r) => r.resource.title}
        panel={(r) => (
          <div className="stack">
            <dl className="pairs">
              <dt>{t('applicant')}</dt>
              <dd>{r.applicant.name}</dd>
              <dt>{t('provider')}</dt>
              <dd>{r.provider.name}</dd>
              <dt>{t('purpose')}</dt>
              <dd>{r.purpose}</dd>
            </dl>
            <ItemList items={r.items} />
            <Clock clock={r.clock} />
          </div>
        )}
        columns={[
          {
            key: 'resource',
            title: t('resource'),
            narrow: true,
            text: (r) => r.resource.title,
            render: (r) => (
              <span className="title-cell">
                <strong>{r.resource.title}</strong>
                <span className="faint small">{r.scenario}</span>
              </span>
            ),
          },
          { key: 'applicant', title: t('applicant'), text: (r) => r.applicant.name, render: (r) => r.applicant.name },
          {
            key: 'provider',
            title: t('provider'),
            hidden: true,
            text: (r) => r.provider.name,
            render: (r) => r.provider.name,
          },
          {
            key: 'mode',
            title: t('mode'),
            text: (r) => textOf(ui, lang, `mode_${r.mode}`),
            render: (r) => <ModeTags modes={[r.mode]} />,
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (r) => textOf(messages, lang, `state_${r.state}`),
            render: (r) => <RequestState state={r.state} />,
          },
          { key: 'step', title: t('currentStep'), text: (r) => r.step_title ?? '', render: (r) => r.step_title ?? '' },
          {
            key: 'clock',
            title: textOf(ui, lang, 'dueOn').replace('{date}', ''),
            text: (r) => (r.clock ? clockText(r.clock) : ''),
            render: (r) => <Clock clock={r.clock} article={false} />,
          },
          {
            key: 'at',
            title: t('submittedAt'),
            nowrap: true,
            text: (r) => moment(r.submitted_at, lang),
            render: (r) => <span className="tabular">{moment(r.submitted_at, lang)}</span>,
          },
        ]}
        empty={{ title: t('noRequests'), text: t('noRequestsText') }}
      />
    </>
  );
}

export function RequestState({ state }: { state: string }) {
  const { lang } = useLang();
  const tone =
    state === 'granted'
      ? 'good'
      : state === 'refused'
        ? 'bad'
        : state === 'running' || state === 'open'
          ? 'ink'
          : 'plain';
  return <Tag tone={tone}>{textOf(messages, lang, `state_${state}`)}</Tag>;
}
