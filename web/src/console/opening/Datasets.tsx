import { Button, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { amount, moment, percent } from '../../format';
import { separator, textOf, useLang, useText } from '../../i18n';
import { useMay, useSession } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { PageHead } from '../../ui/Page';
import { ErrorView } from '../../ui/States';
import { Tag, type Tone } from '../../ui/Tags';
import { messages } from './messages';
import { type Treatment, treated } from './types';

const TONES: Record<string, Tone> = {
  open: 'good',
  suspended: 'warn',
  preparing: 'ink',
  treating: 'ink',
  withdrawn: 'bad',
};

/** What was taken out before the data was opened again. */
export function Treated({ by }: { by: Treatment }) {
  const t = useText(messages);
  const { items, rows } = treated(by);
  return [
    items > 0 && t('treatedItems', { n: items }),
    rows > 0 && t('treatedRows', { n: rows }),
  ]
    .filter(Boolean)
    .join(separator());
}

export function DatasetState({ state }: { state: string }) {
  const { lang } = useLang();
  return (
    <Tag tone={TONES[state] ?? 'plain'} icon={state === 'suspended' ? 'pause' : undefined}>
      {textOf(messages, lang, `state_${state}`)}
    </Tag>
  );
}

type Act = 'publish' | 'suspend' | 'restore';
export function Datasets() {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [act, setAct] = useState<{ act: Act; dataset: { id: string; title: string } }>();
  const [opening, setOpening] = useState(false);
  return (
    <>
      <PageHead
        title={t('datasetsTitle')}
        lead={t('datasetsLead')}
        action={
          may('opening.publish') && (
            <Button type="primary" onClick={() => setOpening(true)}>
              {t('openResource')}
            </Button>
          )
        }
      />
      <ListPage
        id="datasets"
        path="/opening/datasets"
        caption={t('datasetCaption')}
        refetchInterval={(page) =>
          page?.items.some((d) => d.building != null || d.state === 'preparing' || d.state === 'treating')
            ? 1500
            : 30_000
        }
        rowKey={(d) => d.id}
        columns={[
          {
            key: 'title',
            title: t('dataset'),
            narrow: true,
            text: (d) => d.title,
            render: (d) => (
              <span className="title-cell">
                <strong>{d.title}</strong>
                <span className="faint small">{d.opener.name}</span>
              </span>
            ),
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (d) => textOf(messages, lang, `state_${d.state}`),
            render: (d) => (
              <span className="title-cell">
                <span>
                  <DatasetState state={d.state} />
                </span>
                {d.building != null && (
                  <span className="faint small">{t('building', { p: percent(d.building, 0) })}</span>
                )}
                {d.failed && <span className="field-error">{t('buildFailed', { code: d.failed })}</span>}
                {treated(d.treatment).any && (
                  <span className="faint small">
                    <Treated by={d.treatment} />
                  </span>
                )}
              </span>
            ),
          },
          {
            key: 'rows',
            title: t('rows'),
            num: true,
            text: (d) => String(d.rows),
            render: (d) => amount(d.rows, lang),
          },
          {
            key: 'visits',
            title: t('visits'),
            num: true,
            text: (d) => String(d.visits),
            render: (d) => amount(d.visits, lang),
          },
          {
            key: 'downloads',
            title: t('downloads'),
            num: true,
            text: (d) => String(d.downloads),
            render: (d) => amount(d.downloads, lang),
          },
          {
            key: 'calls',
            title: t('calls'),
            num: true,
            text: (d) => String(d.calls),
            render: (d) => amount(d.calls, lang),
          },
          {
            key: 'updated',
            title: t('updated'),
            nowrap: true,
            text: (d) => moment(d.updated_at, lang),
            render: (d) => <span className="tabular">{moment(d.updated_at, lang)}</span>,
          },
          {
            key: 'actions',
            title: t('actions'),
            narrow: true,
            render: (d) => (
              <span className="row">
                {(['publish', 'suspend', 'restore'] as const)
                  .filter((a) => d.actions.includes(a))
                  .map((a) => (
                    <Button
                      key={a}
                      size="small"
                      danger={a === 'suspend'}
                      onClick={() => setAct({ act: a, dataset: d })}
                    >
                      {a === 'publish' ? t('republish') : t(a)}
                    </Button>
                  ))}
                <a href={`/datasets/${d.slug}`}>{t('seePortal')}</a>
              </span>
            ),
          },
        ]}
        empty={{ title: t('noDatasets'), text: t('noDatasetsText') }}
      />
      {act && <Decide {...act} close={() => setAct(undefined)} />}
      {opening && <OpenResource close={() => setOpening(false)} />}
    </>
  );
}

function Decide({ act, dataset, close }: { act: Act; dataset: { id: string; title: string }; close: () => void }) {
  const t = useText(messages);
  const [reason, setReason] = useState('');
  const path = { id: dataset.id };
  const body = { reason: reason.trim() };
  const send = useAct<void>(async () => {
    if (act === 'publish') await post('/datasets/{id}/publish', { path });
    else await post(`/datasets/{id}/${act}`, { path, body });
  }, close);
  const needs = act !== 'publish';
  return (
    <Modal
      open
      title={`${t(act)} · ${dataset.title}`}
      okText={t(act)}
      okButtonProps={{ danger: act === 'suspend', disabled: needs && !reason.trim(), loading: send.isPending }}
      onOk={() => send.mutate(undefined)}
      onCancel={close}
    >
      <div className="stack">
        <p className="soft">{t(`${act}Hint`)}</p>
        {needs && (
          <Input.TextArea
            aria-label={t('reason')}
            placeholder={t('reason')}
            rows={3}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        )}
        {send.error && <ErrorView error={send.error} inline />}
      </div>
    </Modal>
  );
}

/** Opens a published resource whose opening attribute is unconditional. */
function OpenResource({ close }: { close: () => void }) {
  const t = useText(messages);
  const { actor } = useSession();
  const [id, setId] = useState<string>();
  const resources = useGet('/resources', {
    query: { unit: actor.institution?.id, opening: 'unconditional', state: 'published', limit: 200 },
  });
  const send = useAct(() => post('/datasets/{id}/publish', { path: { id: id ?? '' } }), close);
  return (
    <Modal
      open
      title={t('openResource')}
      okText={t('publish')}
      okButtonProps={{ disabled: !id, loading: send.isPending }}
      onOk={() => send.mutate(undefined)}
      onCancel={close}
    >
      <div className="stack">
        <p className="soft">{t('publishHint')}</p>
        <Select
          aria-label={t('resource')}
          placeholder={t('resource')}
          value={id}
          onChange={setId}
          options={(resources.data?.items ?? []).map((r) => ({ value: r.id, label: r.title }))}
          showSearch={{ optionFilterProp: 'label' }}
          style={{ width: '100%' }}
        />
        {send.error && <ErrorView error={send.error} inline />}
      </div>
    </Modal>
  );
}
