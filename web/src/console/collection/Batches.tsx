import { Link } from '@tanstack/react-router';
import { moment, number } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { Tag, type Tone } from '../../ui/Tags';
import { messages } from './messages';
import { RUNNING } from './types';

const TONES: Record<string, Tone> = {
  done: 'good',
  refused: 'bad',
  failed: 'bad',
  duplicate: 'warn',
  received: 'ink',
  checking: 'ink',
  loading: 'ink',
};

export function BatchState({ state }: { state: string }) {
  const { lang } = useLang();
  return <Tag tone={TONES[state] ?? 'plain'}>{textOf(messages, lang, `batch_${state}`)}</Tag>;
}

const STATES = ['received', 'checking', 'loading', 'done', 'refused', 'failed', 'duplicate', 'cancelled'];

export function Batches() {
  const t = useText(messages);
  return (
    <>
      <PageHead title={t('batchesTitle')} lead={t('batchesLead')} />
      <BatchList />
    </>
  );
}

export function BatchList({ resource, source }: { resource?: string; source?: string }) {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <ListPage
      id="batches"
      path="/batches"
      caption={t('batchCaption')}
      fixed={{ resource, source }}
      filters={[
        {
          key: 'state',
          title: t('state'),
          options: STATES.map((s) => ({ value: s, label: textOf(messages, lang, `batch_${s}`) })),
        },
      ]}
      refetchInterval={(page) => (page?.items.some((b) => RUNNING.includes(b.state)) ? 1500 : 30_000)}
      rowKey={(b) => b.id}
      rowHref={(b) => `/collection/batches/${b.id}`}
      columns={[
        {
          key: 'file',
          title: t('batch'),
          narrow: true,
          text: (b) => b.file_name ?? b.id,
          render: (b) => (
            <span className="title-cell">
              <strong>{b.file_name ?? textOf(messages, lang, `batchKind_${b.kind}`)}</strong>
              <span className="faint small">{b.resource_title}</span>
            </span>
          ),
        },
        {
          key: 'kind',
          title: t('kind'),
          hidden: true,
          text: (b) => textOf(messages, lang, `batchKind_${b.kind}`),
          render: (b) => textOf(messages, lang, `batchKind_${b.kind}`),
        },
        {
          key: 'received',
          title: t('received'),
          nowrap: true,
          text: (b) => moment(b.received_at, lang),
          render: (b) => <span className="tabular">{moment(b.received_at, lang)}</span>,
        },
        {
          key: 'read',
          title: t('rowsRead'),
          num: true,
          text: (b) => String(b.rows_read),
          render: (b) => number(b.rows_read),
        },
        {
          key: 'good',
          title: t('rowsGood'),
          num: true,
          text: (b) => String(b.rows_good),
          render: (b) => number(b.rows_good),
        },
        {
          key: 'bad',
          title: t('rowsBad'),
          num: true,
          narrow: true,
          text: (b) => String(b.rows_quarantined),
          render: (b) => (b.rows_quarantined ? <strong>{number(b.rows_quarantined)}</strong> : 0),
        },
        {
          key: 'written',
          title: t('rowsWritten'),
          num: true,
          text: (b) => String(b.rows_written),
          render: (b) => number(b.rows_written),
        },
        {
          key: 'state',
          title: t('state'),
          narrow: true,
          text: (b) => textOf(messages, lang, `batch_${b.state}`),
          render: (b) => <BatchState state={b.state} />,
        },
      ]}
      empty={{
        title: t('noBatches'),
        text: t('noBatchesText'),
        action: <Link to={'/collection/sources' as never}>{t('toSources')}</Link>,
      }}
    />
  );
}
