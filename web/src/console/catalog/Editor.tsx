// Compiles an entry. A draft is saved by itself two seconds after the last
// change, against the revision it was read at; what is wrong stands at its field.

import { Link, useParams } from '@tanstack/react-router';
import { App, Button, Input, InputNumber, Select } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError, post, put } from '../../api/client';
import { queryClient, useGet } from '../../api/query';
import type { FieldError, Resource } from '../../api/types';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { messages as ui } from '../../ui/messages';
import { PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { type Document, documentOf, EMPTY, withIds } from './document';
import { ItemsEditor } from './ItemsEditor';
import { messages } from './messages';
import { useVocabulary } from './shared';

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
      if (!startId) window.history.replaceState(null, '', `/console/catalog/${answer.id}/edit`);
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
          <div className="row">
            <ErrorView error={error} inline />
            <Button onClick={reload}>{t('loadTheirs')}</Button>
          </div>
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

interface Part {
  document: Document;
  errors: FieldError[];
  onChange: (document: Document) => void;
}

/** A labelled control with the mistakes of its path below it. */
export function Field({
  label,
  path,
  errors,
  required,
  wide,
  children,
}: {
  label: string;
  path: string;
  errors: FieldError[];
  required?: boolean;
  wide?: boolean;
  children: ReactNode;
}) {
  const own = errors.filter((e) => e.field === path);
  return (
    <div className={wide ? 'field wide' : 'field'} data-field={path}>
      <label htmlFor={`f-${path}`}>
        {label}
        {required && (
          <span className="required" aria-hidden="true">
            {' '}
            *
          </span>
        )}
      </label>
      {children}
      {own.map((e) => (
        <span key={e.code} className="field-error" role="alert">
          {e.message}
        </span>
      ))}
    </div>
  );
}

const status = (errors: FieldError[], path: string) =>
  errors.some((e) => e.field === path) ? ('error' as const) : undefined;

function Basics({ document: d, errors, onChange }: Part) {
  const t = useText(messages);
  const v = useVocabulary();
  const set = (change: Partial<Document>) => onChange({ ...d, ...change });
  const text = (path: 'title' | 'summary') => ({
    id: `f-${path}`,
    value: d[path],
    status: status(errors, path),
    onChange: (e: { target: { value: string } }) => set({ [path]: e.target.value }),
  });
  const choice = (
    path: 'subject' | 'format' | 'data_type' | 'update_frequency',
    list: Parameters<typeof v.options>[0],
  ) => ({
    id: `f-${path}`,
    value: d[path] || undefined,
    status: status(errors, path),
    options: v.options(list),
    onChange: (value: string) => set({ [path]: value }),
    showSearch: { optionFilterProp: 'label' },
    style: { width: '100%' },
  });
  const libraries = [...v.options('base_libraries'), ...v.options('thematic_libraries')];
  return (
    <section className="surface padded">
      <h2>{t('basics')}</h2>
      <div className="fields">
        <Field label={t('name')} path="title" errors={errors} required wide>
          <Input {...text('title')} maxLength={200} autoFocus />
        </Field>
        <Field label={t('summary')} path="summary" errors={errors} required wide>
          <Input.TextArea {...text('summary')} rows={3} maxLength={4000} />
        </Field>
        <Field label={t('subject')} path="subject" errors={errors} required>
          <Select {...choice('subject', 'subjects')} />
        </Field>
        <Field label={t('frequency')} path="update_frequency" errors={errors} required>
          <Select {...choice('update_frequency', 'frequencies')} />
        </Field>
        <Field label={t('format')} path="format" errors={errors} required>
          <Select {...choice('format', 'formats')} />
        </Field>
        <Field label={t('dataType')} path="data_type" errors={errors} required>
          <Select {...choice('data_type', 'data_types')} />
        </Field>
        <Field label={t('grade')} path="grade" errors={errors} required>
          <Select
            id="f-grade"
            value={d.grade}
            status={status(errors, 'grade')}
            options={['L1', 'L2', 'L3', 'L4'].map((g) => ({ value: g, label: g }))}
            onChange={(grade) => set({ grade })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('library')} path="libraries" errors={errors}>
          <Select
            id="f-libraries"
            mode="multiple"
            value={d.libraries}
            options={libraries}
            onChange={(value) => set({ libraries: value })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('channels')} path="channels" errors={errors}>
          <Select
            id="f-channels"
            mode="multiple"
            value={d.channels}
            options={v.options('channels')}
            onChange={(value) => set({ channels: value })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('volume')} path="volume" errors={errors}>
          <InputNumber
            id="f-volume"
            min={0}
            value={d.volume}
            onChange={(value) => set({ volume: value ?? undefined })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={`${t('timeSpan')}（${t('from')}）`} path="time_span.from" errors={errors}>
          <Input
            id="f-time_span.from"
            type="date"
            value={d.time_span?.from ?? ''}
            onChange={(e) => set({ time_span: { ...d.time_span, from: e.target.value || undefined } })}
          />
        </Field>
        <Field label={`${t('timeSpan')}（${t('to')}）`} path="time_span.to" errors={errors}>
          <Input
            id="f-time_span.to"
            type="date"
            value={d.time_span?.to ?? ''}
            onChange={(e) => set({ time_span: { ...d.time_span, to: e.target.value || undefined } })}
          />
        </Field>
      </div>
    </section>
  );
}

function Attributes({ document: d, errors, onChange }: Part) {
  const t = useText(messages);
  const words = useText(ui);
  const setSharing = (change: Partial<Document['sharing']>) => onChange({ ...d, sharing: { ...d.sharing, ...change } });
  const setOpening = (change: Partial<Document['opening']>) => onChange({ ...d, opening: { ...d.opening, ...change } });
  const area = (kind: 'sharing' | 'opening', name: 'condition' | 'reason' | 'basis') => {
    const path = `${kind}.${name}`;
    const value = (d[kind] as Record<string, unknown>)[name] as string | undefined;
    return (
      <Field label={t(name)} path={path} errors={errors} wide>
        <Input.TextArea
          id={`f-${path}`}
          rows={2}
          value={value ?? ''}
          status={status(errors, path)}
          onChange={(e) => (kind === 'sharing' ? setSharing : setOpening)({ [name]: e.target.value || undefined })}
        />
      </Field>
    );
  };
  return (
    <section className="surface padded">
      <h2>{t('attributes')}</h2>
      <div className="fields">
        <Field label={t('sharing')} path="sharing.attribute" errors={errors} required>
          <Select
            id="f-sharing.attribute"
            value={d.sharing.attribute}
            status={status(errors, 'sharing.attribute')}
            options={(['unconditional', 'restricted', 'not_shared'] as const).map((a) => ({
              value: a,
              label: words(`sharing_${a}`),
            }))}
            onChange={(attribute) => setSharing({ attribute, grounds: [] })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('modes')} path="sharing.modes" errors={errors}>
          <Select
            id="f-sharing.modes"
            mode="multiple"
            value={d.sharing.modes}
            status={status(errors, 'sharing.modes')}
            options={(['verify', 'query', 'batch'] as const).map((m) => ({ value: m, label: words(`mode_${m}`) }))}
            onChange={(modes) => setSharing({ modes })}
            style={{ width: '100%' }}
          />
        </Field>
        {d.sharing.attribute === 'restricted' && area('sharing', 'condition')}
        {d.sharing.attribute === 'restricted' && area('sharing', 'reason')}
        {d.sharing.attribute === 'not_shared' && (
          <Grounds
            kind="sharing"
            value={d.sharing.grounds}
            errors={errors}
            onChange={(grounds) => setSharing({ grounds })}
          />
        )}
        {d.sharing.attribute === 'not_shared' && area('sharing', 'basis')}
        <Field label={t('opening')} path="opening.attribute" errors={errors} required>
          <Select
            id="f-opening.attribute"
            value={d.opening.attribute}
            status={status(errors, 'opening.attribute')}
            options={(['unconditional', 'restricted', 'prohibited'] as const).map((a) => ({
              value: a,
              label: words(`opening_${a}`),
            }))}
            onChange={(attribute) => setOpening({ attribute, grounds: [] })}
            style={{ width: '100%' }}
          />
        </Field>
        {d.opening.attribute === 'restricted' && area('opening', 'condition')}
        {d.opening.attribute && d.opening.attribute !== 'unconditional' && (
          <Grounds
            kind="opening"
            attribute={d.opening.attribute}
            value={d.opening.grounds}
            errors={errors}
            onChange={(grounds) => setOpening({ grounds })}
          />
        )}
        {d.opening.attribute === 'prohibited' && area('opening', 'basis')}
      </div>
    </section>
  );
}

interface Ground {
  code: string;
  title: string;
  attribute?: string | null;
  article?: { citation: string } | string | null;
}

/** 情形, from the rule set, each with its article. */
function Grounds({
  kind,
  attribute,
  value,
  errors,
  onChange,
}: {
  kind: 'sharing' | 'opening';
  attribute?: string;
  value: string[];
  errors: FieldError[];
  onChange: (grounds: string[]) => void;
}) {
  const t = useText(messages);
  const grounds = useGet<Ground[] | { items: Ground[] }>(
    '/rule-set/grounds',
    { query: { for: kind } },
    { staleTime: Number.POSITIVE_INFINITY },
  );
  const list = (Array.isArray(grounds.data) ? grounds.data : (grounds.data?.items ?? [])).filter(
    (g) => !g.attribute || !attribute || g.attribute === attribute,
  );
  const path = `${kind}.grounds`;
  return (
    <Field label={t('grounds')} path={path} errors={errors} wide required>
      <Select
        id={`f-${path}`}
        mode="multiple"
        value={value}
        status={status(errors, path)}
        onChange={onChange}
        options={list.map((g) => ({
          value: g.code,
          label: `${g.title}（${typeof g.article === 'string' ? g.article : (g.article?.citation ?? '')}）`,
        }))}
        style={{ width: '100%' }}
      />
    </Field>
  );
}
