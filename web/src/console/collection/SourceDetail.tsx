import { Link, useParams } from '@tanstack/react-router';
import { Button, Upload } from 'antd';
import { useState } from 'react';
import { ApiError, addressOf, isProblem, lost, post } from '../../api/client';
import { queryClient, useAct, useGet } from '../../api/query';
import { textOf, useLang, useText } from '../../i18n';
import { useMay } from '../../session';
import { FactStrip, PageHead } from '../../ui/Page';
import { Progress } from '../../ui/Progress';
import { ErrorView, Loaded } from '../../ui/States';
import { useGo } from '../frame/search';
import { BatchList } from './Batches';
import { messages } from './messages';
import type { Batch, Source } from './types';

export function SourceDetail() {
  const { id } = useParams({ strict: false }) as { id: string };
  const source = useGet('/sources/{id}', { path: { id } });
  return <Loaded query={source}>{(s) => <Detail s={s} />}</Loaded>;
}

function Detail({ s }: { s: Source }) {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const may = useMay();
  const pull = useAct(
    () => post('/sources/{id}/pull', { path: { id: s.id } }),
    (b) => go(`/collection/batches/${b.id}`),
  );
  return (
    <>
      <PageHead
        title={s.title}
        crumbs={
          <Link to={'/catalog/$id' as never} params={{ id: s.resource_id } as never}>
            {s.resource_title}
          </Link>
        }
        lead={s.purpose}
        action={
          s.kind !== 'upload' && may('batch.load') ? (
            <Button type="primary" loading={pull.isPending} onClick={() => pull.mutate(undefined)}>
              {t('pull')}
            </Button>
          ) : undefined
        }
      />
      <div className="stack">
        <FactStrip
          facts={[
            { label: t('kind'), value: textOf(messages, lang, `kind_${s.kind}`) },
            { label: t('loadMode'), value: textOf(messages, lang, `mode_${s.load_mode}`) },
            { label: t('about'), value: textOf(messages, lang, `about_${s.about}`) },
            { label: t('legalBasis'), value: s.legal_basis || s.consent || '—' },
            { label: t('scope'), value: s.scope },
          ]}
        />
        {pull.error && <ErrorView error={pull.error} />}
        {s.kind === 'upload' && may('batch.load') && <UploadBox s={s} />}
        <BatchList source={s.id} resource={s.resource_id} />
      </div>
    </>
  );
}

/** XMLHttpRequest, because fetch tells nothing of how far an upload is. */
function send(path: string, file: File, lang: string, onProgress: (fraction: number) => void): Promise<Batch> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('X-Requested-With', 'shuqiao');
    request.setRequestHeader('Accept-Language', lang === 'en' ? 'en' : 'zh-CN');
    request.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    request.onerror = () => reject(new ApiError(lost(0)));
    request.onload = () => {
      try {
        const body: unknown = JSON.parse(request.responseText);
        if (request.status < 300) resolve(body as Batch);
        else reject(new ApiError(isProblem(body) ? body : lost(request.status)));
      } catch {
        reject(new ApiError(lost(request.status)));
      }
    };
    const form = new FormData();
    form.append('file', file);
    request.send(form);
  });
}

function UploadBox({ s }: { s: Source }) {
  const t = useText(messages);
  const { lang } = useLang();
  const go = useGo();
  const [fraction, setFraction] = useState<number>();
  const [error, setError] = useState<unknown>();
  const upload = async (file: File) => {
    setError(undefined);
    setFraction(0);
    try {
      const batch = await send(addressOf('/sources/{id}/files', { path: { id: s.id } }), file, lang, setFraction);
      await queryClient.invalidateQueries();
      go(`/collection/batches/${batch.id}`);
    } catch (e) {
      setError(e);
    } finally {
      setFraction(undefined);
    }
  };
  return (
    <section className="surface padded stack">
      <h2>{t('upload')}</h2>
      {fraction === undefined ? (
        <Upload.Dragger
          showUploadList={false}
          beforeUpload={(file) => {
            upload(file);
            return false;
          }}
        >
          <p style={{ padding: 12 }}>{t('uploadHint')}</p>
        </Upload.Dragger>
      ) : (
        <Progress label={t('uploading')} fraction={fraction} />
      )}
      {error !== undefined && <ErrorView error={error} inline />}
    </section>
  );
}
