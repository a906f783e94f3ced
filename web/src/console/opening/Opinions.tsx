import { Button, Input } from 'antd';
import { useState } from 'react';
import { post } from '../../api/client';
import { useAct, useGet } from '../../api/query';
import { moment } from '../../format';
import { textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { ListPage } from '../../ui/console/ListPage';
import { ProcedurePanel } from '../../ui/console/ProcedurePanel';
import { PageHead } from '../../ui/Page';
import { ErrorView, Skeleton } from '../../ui/States';
import { Tag } from '../../ui/Tags';
import { messages } from './messages';

export function MatterState({ state }: { state: string }) {
  const { lang } = useLang();
  return <Tag tone={state === 'running' ? 'ink' : 'good'}>{textOf(messages, lang, `matter_${state}`)}</Tag>;
}

export function Opinions() {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <>
      <PageHead title={t('opinionsTitle')} lead={t('opinionsLead')} />
      <ListPage
        id="opinions"
        path="/opinions"
        caption={t('opinionCaption')}
        filters={[
          {
            key: 'state',
            title: t('state'),
            options: ['running', 'ended'].map((s) => ({ value: s, label: textOf(messages, lang, `matter_${s}`) })),
          },
        ]}
        rowKey={(o) => o.id}
        rowTitle={(o) => o.dataset.title}
        panel={(o) => <OpinionPanel id={o.id} />}
        columns={[
          {
            key: 'text',
            title: t('opinion'),
            narrow: true,
            text: (o) => o.text ?? '',
            render: (o) => (
              <span className="title-cell">
                <strong>{o.dataset.title}</strong>
                <span className="soft small">{o.text}</span>
              </span>
            ),
          },
          {
            key: 'kind',
            title: t('kind'),
            nowrap: true,
            text: (o) => textOf(messages, lang, `kind_${o.kind}`),
            render: (o) => textOf(messages, lang, `kind_${o.kind}`),
          },
          {
            key: 'created',
            title: t('created'),
            nowrap: true,
            text: (o) => moment(o.created_at, lang),
            render: (o) => <span className="tabular">{moment(o.created_at, lang)}</span>,
          },
          {
            key: 'state',
            title: t('state'),
            narrow: true,
            text: (o) => textOf(messages, lang, `matter_${o.state}`),
            render: (o) => <MatterState state={o.state} />,
          },
        ]}
        empty={{ title: t('noOpinions'), text: t('noOpinionsText') }}
      />
    </>
  );
}

function OpinionPanel({ id }: { id: string }) {
  const t = useText(messages);
  const { lang } = useLang();
  const may = useMay();
  const [answer, setAnswer] = useState('');
  const opinion = useGet('/opinions/{id}', { path: { id } });
  const send = useAct(
    () => post('/opinions/{id}/answer', { path: { id }, body: { answer: answer.trim() } }),
    () => setAnswer(''),
  );
  const o = opinion.data;
  if (opinion.error) return <ErrorView error={opinion.error} />;
  if (!o) return <Skeleton />;
  return (
    <div className="stack">
      <div className="row">
        <MatterState state={o.state} />
        <Tag>{textOf(messages, lang, `kind_${o.kind}`)}</Tag>
        <span className="faint tabular">{moment(o.created_at, lang)}</span>
      </div>
      <p>{o.text}</p>
      {o.answer && (
        <dl className="pairs">
          <dt>{t('answer')}</dt>
          <dd>{o.answer}</dd>
        </dl>
      )}
      {o.state === 'running' && may('opinion.answer') && (
        <div className="stack tight">
          <label htmlFor="answer">{t('answer')}</label>
          <Input.TextArea id="answer" rows={4} value={answer} onChange={(e) => setAnswer(e.target.value)} />
          {send.error && <ErrorView error={send.error} inline />}
          <div>
            <Button
              type="primary"
              disabled={!answer.trim()}
              loading={send.isPending}
              onClick={() => send.mutate(undefined)}
            >
              {t('submitAnswer')}
            </Button>
          </div>
        </div>
      )}
      {o.timeline && <ProcedurePanel timeline={o.timeline} />}
    </div>
  );
}
