// 问题数据: the bad cells of each row can be corrected in place; corrected rows
// are replayed together.

import { App, Button, Dropdown, Input, Upload } from 'antd';
import { useState } from 'react';
import { href, patch, post } from '../../api/client';
import { useAct, useEndless, useGet } from '../../api/query';
import type { Resource } from '../../api/types';
import { number } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { Cell } from '../../ui/DataGrid';
import { EmptyState, ErrorView } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { useGo } from '../frame/search';
import { messages } from './messages';
import type { Batch, QuarantinedRow } from './types';

export function Quarantine({ batch }: { batch: Batch }) {
  const t = useText(messages);
  const go = useGo();
  const { message } = App.useApp();
  const [reason, setReason] = useState<string>();
  const path = { id: batch.id };
  const summary = useGet('/batches/{id}/quarantine/summary', { path });
  const resource = useGet('/resources/{id}', { path: { id: batch.resource_id } });
  const rows = useEndless('/batches/{id}/quarantine', { path, query: { reason, limit: 50 } });
  const replay = useAct(
    () => post('/batches/{id}/replay', { path }),
    (made) => {
      message.success(t('replayStarted'));
      go(`/collection/batches/${made.id}`);
    },
  );
  const importFile = useAct(
    (file: File) => {
      const body = new FormData();
      body.append('file', file);
      return post('/batches/{id}/quarantine/import', { path, body });
    },
    (r) => {
      message.success(t('imported', { ...r }));
    },
  );
  const s = summary.data;
  const columns = resource.data?.items ?? [];
  const list = rows.data?.flatMap((p) => p.items) ?? [];
  const mayCorrect = batch.actions.includes('correct');
  return (
    <section className="surface">
      <div className="list-bar">
        <div className="stack tight">
          <h2>{t('quarantine')}</h2>
          <span className="soft small">{t('quarantineLead')}</span>
        </div>
        <div className="row">
          <Dropdown
            trigger={['click']}
            menu={{
              items: (['csv', 'xlsx'] as const).map((format) => ({
                key: format,
                label: (
                  <a href={href('/batches/{id}/quarantine/export', { path, query: { format } })} download>
                    {format.toUpperCase()}
                  </a>
                ),
              })),
            }}
          >
            <Button>{t('exportRows')}</Button>
          </Dropdown>
          {mayCorrect && (
            <Upload
              accept=".csv,.xlsx"
              showUploadList={false}
              beforeUpload={(file) => {
                importFile.mutate(file);
                return false;
              }}
            >
              <Button loading={importFile.isPending}>{t('importRows')}</Button>
            </Upload>
          )}
          {batch.actions.includes('replay') && (
            <Button
              type="primary"
              disabled={!s?.corrected}
              loading={replay.isPending}
              onClick={() => replay.mutate(undefined)}
            >
              {t('replay', { n: s?.corrected ?? 0 })}
            </Button>
          )}
        </div>
      </div>
      <div className="stack" style={{ padding: 16 }}>
        {(replay.error ?? importFile.error) && <ErrorView error={replay.error ?? importFile.error} inline />}
        {s && s.reasons.length > 0 && (
          <div className="row">
            <Button size="small" type={reason ? 'default' : 'primary'} onClick={() => setReason(undefined)}>
              {t('allReasons')} {number(s.total)}
            </Button>
            {s.reasons.map((r) => (
              <Button
                key={`${r.code}-${r.item}`}
                size="small"
                type={reason === r.code ? 'primary' : 'default'}
                onClick={() => setReason(r.code)}
              >
                {columns.find((c) => c.name === r.item)?.title ?? r.item} {r.message} {number(r.rows)}
              </Button>
            ))}
          </div>
        )}
        {rows.data && list.length === 0 && <EmptyState title={t('noQuarantine')}>{t('noQuarantineText')}</EmptyState>}
        {list.length > 0 && (
          <div className="table-scroll" role="region" aria-label={t('quarantine')} tabIndex={0}>
            <table className="table compact">
              <thead>
                <tr>
                  <th scope="col" className="num">
                    {t('rowNumber')}
                  </th>
                  <th scope="col">{t('reason')}</th>
                  {columns.map((c) => (
                    <th key={c.name} scope="col">
                      <span className="grid-head">
                        {c.title}
                        <small>
                          <code>{c.name}</code>
                        </small>
                      </span>
                    </th>
                  ))}
                  <th scope="col">{t('state')}</th>
                </tr>
              </thead>
              <tbody>
                {list.map((row) => (
                  <Row key={`${row.id}-${row.revision}`} row={row} columns={columns} editable={mayCorrect} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {rows.hasNextPage && (
          <div>
            <Button loading={rows.isFetchingNextPage} onClick={() => rows.fetchNextPage()}>
              {t('more')}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}

function Row({ row, columns, editable }: { row: QuarantinedRow; columns: Resource['items']; editable: boolean }) {
  const t = useText(messages);
  const { lang } = useLang();
  const [values, setValues] = useState(row.values);
  const save = useAct(() =>
    patch('/quarantine/{id}', { path: { id: row.id }, body: { values, revision: row.revision } }),
  );
  const open = editable && (row.state === 'open' || row.state === 'corrected');
  const wrong = new Set(row.reasons.map((r) => r.item));
  const changed = columns.some((c) => (values[c.name] ?? '') !== (row.values[c.name] ?? ''));
  return (
    <tr>
      <td className="num">{number(row.row_number)}</td>
      <td style={{ minWidth: 200 }}>
        {row.reasons.map((r) => (
          <div key={`${r.item}-${r.code}`} className="small">
            <strong>{columns.find((c) => c.name === r.item)?.title ?? r.item}</strong> {r.message}
          </div>
        ))}
        {save.error && <ErrorView error={save.error} inline />}
      </td>
      {columns.map((c) => (
        <td key={c.name} className="nowrap">
          {open && (wrong.has(c.name) || wrong.has('') || values[c.name] !== row.values[c.name]) ? (
            <Input
              size="small"
              aria-label={t('editCell', { row: row.row_number, title: c.title })}
              status={values[c.name] === row.values[c.name] && row.state === 'open' ? 'error' : undefined}
              value={values[c.name] ?? ''}
              onChange={(e) => setValues({ ...values, [c.name]: e.target.value })}
              onPressEnter={() => changed && save.mutate(undefined)}
              style={{ width: Math.max(120, Math.min(240, (c.length ?? 12) * 10)) }}
            />
          ) : (
            <Cell value={values[c.name]} />
          )}
        </td>
      ))}
      <td className="nowrap">
        {changed && open ? (
          <Button size="small" type="primary" loading={save.isPending} onClick={() => save.mutate(undefined)}>
            {t('save')}
          </Button>
        ) : (
          <Tag tone={row.state === 'open' ? 'warn' : row.state === 'discarded' ? 'plain' : 'good'}>
            {textOf(messages, lang, `rowState_${row.state}`)}
          </Tag>
        )}
      </td>
    </tr>
  );
}
