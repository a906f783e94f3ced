// What was collected for a resource: volume, freshness, a masked sample.

import { Link } from '@tanstack/react-router';
import { useGet } from '../../api/query';
import type { Resource } from '../../api/types';
import { amount, bytes, moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { DataGrid } from '../../ui/DataGrid';
import { FactStrip } from '../../ui/Page';
import { EmptyState, Skeleton } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { messages } from './messages';

export function DataTab({ resource }: { resource: Resource }) {
  const t = useText(messages);
  const { lang } = useLang();
  const status = useGet('/resources/{id}/data/status', { path: { id: resource.id } });
  const has = (status.data?.rows ?? 0) > 0;
  const sample = useGet('/resources/{id}/data/sample', { path: { id: resource.id } }, { enabled: has });
  if (status.isLoading) return <Skeleton />;
  if (!has || !status.data) {
    return (
      <EmptyState
        title={t('noData')}
        action={
          <Link to={'/collection/sources' as never} search={{ resource: resource.id } as never}>
            {t('toCollection')}
          </Link>
        }
      >
        {t('noDataText')}
      </EmptyState>
    );
  }
  const s = status.data;
  return (
    <div className="stack">
      <FactStrip
        facts={[
          { label: t('rows'), value: amount(s.rows, lang) },
          { label: t('size'), value: bytes(s.size_bytes) },
          { label: t('lastLoad'), value: moment(s.last_load?.at, lang) },
          {
            label: t('freshness'),
            value: (
              <Tag tone={s.freshness.late ? 'bad' : 'good'} icon={s.freshness.late ? 'alert' : 'check'}>
                {s.freshness.late ? t('late') : t('fresh')}
              </Tag>
            ),
          },
        ]}
      />
      {sample.data && (
        <>
          <div className="row apart">
            <h2>{t('sample')}</h2>
            <span className="faint small">{t('sampleNote')}</span>
          </div>
          <DataGrid stats caption={t('sample')} columns={sample.data.items} rows={sample.data.rows} />
        </>
      )}
      <Link to={'/quality/rules' as never} search={{ resource: resource.id } as never}>
        {t('toQuality')}
      </Link>
    </div>
  );
}
