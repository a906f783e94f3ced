// Compiles an entry. A draft is saved by itself two seconds after the last
// change, against the revision it was read at; what is wrong stands at its field.

import { Link, useParams } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { ApiError, post, put } from '../../api/client';
import { queryClient, useGet } from '../../api/query';
import type { Resource } from '../../api/types';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { Compare, type Comparison } from '../../ui/Compare';
import { PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { Attributes } from './Attributes';
import { Basics } from './Basics';
import { type Document, documentOf, EMPTY, withIds } from './document';
import { ItemsEditor } from './ItemsEditor';
import { messages } from './messages';
import { useValueName } from './values';

const AUTOSAVE_MS = 2000;

export function NewEntry() {
  return <Editor initial={EMPTY} />;
}

export function EditEntry() {
  const { id } = useParams({ strict: false }) as { id: string };
  const resource = useGet<Resource>(
    '/resources/{id}',
    { path: { id } },
    { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 },
  );
  return (
    <Loaded query={resource}>
      {(r) => (
        <Editor
          key={r.revision}
          id={r.id}
          revision={r.revision}
          initial={documentOf(r)}
          reload={() => resource.refetch()}
        />
      )}
    </Loaded>
  );
}

interface Props {
  id?: string;
  revision?: number;
  initial: Document;
  reload?: () => void;
}

function Editor({ id: startId, revision: startRevision, initial, reload }: Props) {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const { message } = App.useApp();
  const [document, setDocument] = useState(initial);
  const [saved, setSaved] = useState<{ document: Document; at: number }>({ document: initial, at: 0 });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const at = useRef({ id: startId, revision: startRevision });
  const dirty = document !== saved.document;
  const errors = error?.problem.errors ?? [];
  const conflict = error?.problem.code === 'catalog.revision_conflict';
  const differences = (error?.problem as { differences?: Comparison } | undefined)?.differences;
  const valueName = useValueName();

  const save = async (): Promise<boolean> => {
    setBusy(true);
    try {
      const body = { ...document, revision: at.current.revision };
      const answer = at.current.id
        ? await put<Resource>('/resources/{id}', { path: { id: at.current.id }, body })
        : await post<Resource>('/resources', { body: document });
      at.current = { id: answer.id, revision: answer.revision };
      const merged = withIds(document, answer.items ?? []);
      setDocument((now) => (now === document ? merged : withIds(now, answer.items ?? [])));
      setSaved({ document: merged, at: Date.now() });
      setError(undefined);
      // The address for a reload, past the router: a navigation would mount the form anew under the writer's hands.
      if (!startId)
        History.prototype.replaceState.call(history, history.state, '', `/console/catalog/${answer.id}/edit`);
      return true;
    } catch (e) {
      if (e instanceof ApiError) setError(e);
      else throw e;
      return false;
    } finally {
      setBusy(false);
    }
  };
  const saveRef = useRef(save);
  saveRef.current = save;
  // A refused draft is not sent again and again: the next change starts the next try.
  useEffect(() => {
    if (!dirty || busy || conflict || !document.title.trim()) return;
    const timer = setTimeout(() => saveRef.current(), AUTOSAVE_MS);
    return () => clearTimeout(timer);
  }, [document, dirty, busy, conflict]);

  const leave = async () => {
    if (dirty && !(await save())) return;
    await queryClient.invalidateQueries();
    go(at.current.id ? `/catalog/${at.current.id}` : '/catalog/mine');
  };
  const submit = async () => {
    if ((dirty || !at.current.id) && !(await save())) return;
    try {
      await post('/resources/{id}/submit', {
        path: { id: at.current.id ?? '' },
        body: { revision: at.current.revision },
      });
      message.success(t('submitted'));
      await queryClient.invalidateQueries();
      go(`/catalog/${at.current.id}`);
    } catch (e) {
      if (e instanceof ApiError) setError(e);
      else throw e;
    }
  };
  return (
    <>
      <PageHead
        title={startId ? t('editTitle') : t('newEntry')}
        lead={t('editLead')}
        crumbs={
          startId ? (
            <Link to={'/catalog/$id' as never} params={{ id: startId } as never}>
              {initial.title}
            </Link>
          ) : undefined
        }
        action={
          <>
            <span className="faint small" role="status">
              {busy
                ? t('saving')
                : dirty
                  ? t('unsaved')
                  : saved.at
                    ? t('saved', { at: moment(saved.at, lang, true) })
                    : ''}
            </span>
            <Button onClick={leave}>{t('leave')}</Button>
            <Button onClick={save} disabled={!dirty || !document.title.trim()} loading={busy}>
              {t('saveNow')}
            </Button>
            <Button type="primary" onClick={submit}>
              {t('submit')}
            </Button>
          </>
        }
      />
      <div className="stack">
        {conflict && (
          <section className="surface padded stack">
            <ErrorView error={error} inline />
            {differences && (
              <>
                <p>{t('conflict')}</p>
                <Compare comparison={differences} valueName={valueName} />
              </>
            )}
            <div>
              <Button onClick={reload}>{t('loadTheirs')}</Button>
            </div>
          </section>
        )}
        {error && !conflict && (errors.length ? <ErrorView error={error} inline /> : <ErrorView error={error} />)}
        <Basics document={document} errors={errors} onChange={setDocument} />
        <Attributes document={document} errors={errors} onChange={setDocument} />
        <section className="surface padded">
          <ItemsEditor
            items={document.items}
            errors={errors}
            onChange={(items) => setDocument({ ...document, items })}
          />
        </section>
      </div>
    </>
  );
}
