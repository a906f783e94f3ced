import { Button } from 'antd';
import { href, post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { moment, number, short } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { DayField } from '../../ui/console/DayField';
import { ListPage } from '../../ui/console/ListPage';
import { FactStrip, PageHead } from '../../ui/Page';
import { ErrorView } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { useAddress } from '../frame/search';
import { messages } from './messages';
import { messages as record, subjectName } from './record';
import type { Entry } from './types';

export function Ledger() {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [address, setAddress] = useAddress();
  const latest = useGet('/ledger/checkpoints/latest', {}, { retry: false });
  const verify = useAct(() => post('/ledger/verify'));
  // Kinds that the newest entries bear, by their titles.
  const newest = useGet('/ledger', { query: { limit: 200 } }, { staleTime: 60_000 });
  const titles = new Map(newest.data?.items.map((e) => [e.kind, e.kind_title]));
  const kinds = [...titles].map(([value, label]) => ({ value, label }));
  const c = latest.data;
  return (
    <>
      <PageHead
        title={t('ledgerTitle')}
        lead={t('ledgerLead')}
        action={
          <>
            {may('ledger.export') && (
              <a className="button" href={href('/ledger/export')} download>
                {t('exportLedger')}
              </a>
            )}
            <Button type="primary" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
              {t('verifyAll')}
            </Button>
          </>
        }
      />
      <div className="stack" style={{ marginBottom: 16 }}>
        {verify.data && (
          <div className="surface padded" role="status">
            <Tag tone={verify.data.ok ? 'good' : 'bad'} icon={verify.data.ok ? 'check' : 'alert'}>
              {verify.data.ok ? t('verifyOk', { n: number(verify.data.entries) }) : t('verifyBad')}
            </Tag>
            {verify.data.problems.map((p) => (
              <p key={p}>{p}</p>
            ))}
          </div>
        )}
        {verify.error && <ErrorView error={verify.error} />}
        {c && (
          <FactStrip
            facts={[
              { label: t('latestCheckpoint'), value: moment(c.at, lang, true) },
              { label: t('entries'), value: number(c.size) },
              { label: t('root'), value: <code title={c.root}>{short(c.root)}</code> },
              { label: t('signatures'), value: c.signatures.map((s) => s.algorithm).join(' + ') },
            ]}
          />
        )}
      </div>
      <ListPage
        id="ledger"
        path="/ledger"
        caption={t('ledgerCaption')}
        filters={[
          { key: 'subject', title: t('subjectId'), width: 220 },
          { key: 'kind', title: t('kind'), width: 220, options: kinds },
        ]}
        tools={
          <>
            <DayField
              label={t('from')}
              value={address.from}
              onChange={(day) => setAddress({ from: day })}
              style={{ width: 160 }}
            />
            <DayField
              label={t('to')}
              value={address.to}
              onChange={(day) => setAddress({ to: day })}
              style={{ width: 160 }}
            />
          </>
        }
        rowKey={(e) => String(e.seq)}
        rowHref={(e) => `/supervision/ledger/${e.seq}`}
        columns={[
          {
            key: 'seq',
            title: t('seq'),
            num: true,
            narrow: true,
            text: (e) => String(e.seq),
            render: (e) => number(e.seq),
          },
          {
            key: 'at',
            title: t('at'),
            nowrap: true,
            text: (e) => moment(e.at, lang, true),
            render: (e) => <span className="tabular">{moment(e.at, lang, true)}</span>,
          },
          {
            key: 'what',
            title: t('what'),
            narrow: true,
            nowrap: true,
            text: (e) => e.kind_title,
            render: (e) => (
              <span className="title-cell">
                <strong>{e.kind_title}</strong>
                <span className="faint small" title={e.subject}>
                  {subjectName((key) => textOf(record, lang, key), e.subject)}
                </span>
              </span>
            ),
          },
          { key: 'actor', title: t('actor'), text: (e) => nameOf(e.actor), render: (e) => nameOf(e.actor) },
          {
            key: 'institution',
            title: t('institution'),
            text: (e) => nameOf(e.institution),
            render: (e) => nameOf(e.institution),
          },
          {
            key: 'article',
            title: t('article'),
            width: '24%',
            text: (e) => articles(e),
            render: (e) => <span className="soft">{articles(e)}</span>,
          },
          {
            key: 'hash',
            title: t('hash'),
            nowrap: true,
            text: (e) => e.leaf_hash,
            render: (e) => <code title={e.leaf_hash}>{short(e.leaf_hash)}</code>,
          },
        ]}
        empty={{ title: t('noEntries'), text: t('noEntriesText') }}
      />
    </>
  );
}

export const nameOf = (who: Entry['institution']): string => who?.name ?? '';
export const articles = (e: Entry): string => e.articles.join(separator());
