// Compiles an entry. A draft is saved by itself two seconds after the last
// change, against the revision it was read at; what is wrong stands at its field.

import { Link, useParams } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { ApiError, post, put } from '../../api/client';
import { queryClient, useGet } from '../../api/query';
import type { Schema } from '../../api/operation';
import type { Problem } from '../../api/types';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { signedIn, useSession } from '../../session';
import { Compare } from '../../ui/Compare';
import { PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { Attributes } from './Attributes';
import { Basics } from './Basics';
import { type Document, documentOf, EMPTY, withIds } from './document';
import { fieldName } from './fieldName';
import { ItemsEditor } from './ItemsEditor';
import { messages } from './messages';
import { useValueName } from './values';

const AUTOSAVE_MS = 2000;

/** Somebody else saved in between: the refusal says what differs. */
const isConflict = (problem: Problem): problem is Schema<'EditConflict'> =>
  problem.code === 'catalog.revision_conflict';

export function NewEntry() {
  return <Editor initial={EMPTY} />;
}

export function EditEntry() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { actor } = useSession();
  // The form is filled once: what is read anew behind the writer's back must not take the place of what is typed.
  const [round, setRound] = useState(0);
  const resource = useGet(
    '/resources/{id}',
    { path: { id } },
    { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 },
  );
  return (
    <Loaded query={resource}>
      {(r) => (
        <Editor
          key={round}
          id={r.id}
          revision={r.revision}
          initial={documentOf(r, actor.institution?.division ?? undefined)}
          reload={async () => {
            await resource.refetch();
            setRound(round + 1);
          }}
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
  const [document, showDocument] = useState(initial);
  const [saved, setSaved] = useState<{ document: Document; at: number }>({ document: initial, at: 0 });
  const [saving, setSaving] = useState(false);
  const [submitting, setSubmitting] = useState(false);
  const [error, setError] = useState<ApiError>();
  const at = useRef({ id: startId, revision: startRevision });
  // What is typed, at once: a save that follows another must not send what was on the screen before it.
  const latest = useRef(initial);
  const setDocument = (next: Document) => {
    latest.current = next;
    showDocument(next);
  };
  const dirty = document !== saved.document;
  const errors = error?.problem.errors ?? [];
  const conflict = error !== undefined && isConflict(error.problem);
  const differences = error && isConflict(error.problem) ? error.problem.differences : undefined;
  const valueName = useValueName();

  const sent = useRef<Document>(undefined);
  const send = async (): Promise<boolean> => {
    const body = latest.current;
    sent.current = body;
    setSaving(true);
    try {
      const answer = at.current.id
        ? await put('/resources/{id}', {
            path: { id: at.current.id },
            body: { ...body, revision: at.current.revision ?? 0 },
          })
        : await post('/resources', { body });
      at.current = { id: answer.id, revision: answer.revision };
      const merged = withIds(body, answer.items);
      setDocument(latest.current === body ? merged : withIds(latest.current, answer.items));
      setSaved({ document: merged, at: Date.now() });
      setError(undefined);
      // The address for a reload, past the router: a navigation would mount the form anew under the writer's hands.
      if (!startId && !gone.current)
        History.prototype.replaceState.call(history, history.state, '', `/console/catalog/${answer.id}/edit`);
      return true;
    } catch (e) {
      if (e instanceof ApiError) setError(e);
      else throw e;
      return false;
    } finally {
      setSaving(false);
    }
  };
  // One after the other: two at once would be a conflict with oneself.
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const save = (): Promise<boolean> => {
    const mine = queue.current.then(send, send);
    queue.current = mine.catch(() => {});
    return mine;
  };
  const saveRef = useRef(save);
  saveRef.current = save;
  // A refused draft is not sent again and again: the next change starts the next try.
  useEffect(() => {
    if (!dirty || saving || conflict || !document.title.trim() || sent.current === document) return;
    const timer = setTimeout(() => saveRef.current(), AUTOSAVE_MS);
    return () => clearTimeout(timer);
  }, [document, dirty, saving, conflict]);

  // Whoever signs in again over a lost session finds saved what was refused for that alone.
  const { actor } = useSession();
  const who = useRef(actor.id);
  useEffect(() => {
    if (!signedIn(actor) || actor.id !== who.current || error?.problem.status !== 401) return;
    setError(undefined);
    if (dirty) saveRef.current();
  }, [actor.id]);

  // Whoever goes elsewhere within the two seconds keeps the change all the same.
  const gone = useRef(false);
  const unsaved = useRef(false);
  unsaved.current = dirty && !conflict && document.title.trim() !== '';
  useEffect(() => {
    gone.current = false;
    const warn = (e: BeforeUnloadEvent) => unsaved.current && e.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => {
      gone.current = true;
      window.removeEventListener('beforeunload', warn);
      if (unsaved.current) saveRef.current().then(() => queryClient.invalidateQueries());
    };
  }, []);

  const leave = async () => {
    if (dirty && document.title.trim() && !(await save())) return;
    await queryClient.invalidateQueries();
    go(startId ? `/catalog/${startId}` : '/catalog/mine');
  };
  const submit = async () => {
    if (submitting) return;
    setSubmitting(true);
    try {
      if ((dirty || !at.current.id) && !(await save())) return;
      await post('/resources/{id}/submit', {
        path: { id: at.current.id ?? '' },
        body: { revision: at.current.revision ?? null },
      });
      message.success(t('submitted'));
      await queryClient.invalidateQueries();
      go(`/catalog/${at.current.id}`);
    } catch (e) {
      if (e instanceof ApiError) setError(e);
      else throw e;
    } finally {
      setSubmitting(false);
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
          ) : (
            <Link to={'/catalog/mine' as never}>{t('mineTitle')}</Link>
          )
        }
        action={
          <>
            <span className="faint small" role="status">
              {saving
                ? t('saving')
                : dirty
                  ? t('unsaved')
                  : saved.at
                    ? t('saved', { at: moment(saved.at, lang, true) })
                    : ''}
            </span>
            <Button onClick={leave}>{startId ? t('leave') : t('toMine')}</Button>
            <Button onClick={save} disabled={!dirty || !document.title.trim()} loading={saving}>
              {t('saveNow')}
            </Button>
            <Button type="primary" onClick={submit} loading={submitting}>
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
        {error && !conflict && <ErrorView error={error} inline={errors.length > 0} fieldName={(path) => fieldName(t, path)} />}
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
