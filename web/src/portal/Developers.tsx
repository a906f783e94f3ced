import type { ReactNode } from 'react';
import { useGet } from '../api/query';
import { useText } from '../i18n';
import { messages } from './messages';
import { useTitle } from './title';

export function Developers() {
  const t = useText(messages);
  useTitle(t('devTitle'));
  // the samples ask for a dataset that is really there
  const list = useGet('/datasets', { query: { limit: 1, sort: 'used' } });
  const slug = list.data?.items[0]?.slug ?? '{name}';
  const id = list.data?.items[0]?.id ?? '{id}';
  const base = location.origin;
  const params = ['filter', 'q', 'sort', 'fields', 'limit', 'cursor'] as const;
  const errors = ['404', '409', '410', '422'] as const;
  return (
    <div className="wide page narrow developers">
      <h1>{t('devTitle')}</h1>
      <p className="soft">{t('devLead')}</p>
      <Part id="rows" title={t('devRows')} lead={t('devRowsLead')}>
        <Code>{`GET ${base}/api/v1/datasets/${slug}/rows?limit=10`}</Code>
        <Table head={[t('devParam'), t('devMeaning')]} rows={params.map((p) => [p, t(`p_${p}`)])} />
      </Part>
      <Part id="errors" title={t('devErrors')} lead={t('devErrorsLead')}>
        <Table head={['HTTP', t('devMeaning')]} rows={errors.map((e) => [e, t(`e_${e}`)])} />
      </Part>
      <Part id="files" title={t('devFiles')} lead={t('devFilesLead')}>
        <Code>{`GET ${base}/api/v1/datasets/${slug}/files/csv`}</Code>
      </Part>
      <Part id="ckan" title={t('devCkan')} lead={t('devCkanLead')}>
        <Code>
          {`from ckanapi import RemoteCKAN

portal = RemoteCKAN("${base}")
portal.action.package_search(q="", rows=10)
portal.action.datastore_search(resource_id="${id}.csv", limit=5)`}
        </Code>
      </Part>
      <Part id="dcat" title={t('devDcat')} lead={t('devDcatLead')}>
        <ul className="plain">
          {['ttl', 'jsonld', 'rdf'].map((ext) => (
            <li key={ext}>
              <a href={`/catalog.${ext}`}>
                <code>{`${base}/catalog.${ext}`}</code>
              </a>
            </li>
          ))}
          <li>
            <a href="/openapi.json">{t('devOpenapi')}</a>
          </li>
        </ul>
      </Part>
      <Part id="suspension" title={t('devSuspend')} lead={t('devSuspendLead')} />
      <Licence />
    </div>
  );
}

function Licence() {
  const t = useText(messages);
  const list = useGet('/datasets', { query: { limit: 1, sort: 'used' } });
  const slug = list.data?.items[0]?.slug;
  const one = useGet('/datasets/{id}', { path: { id: slug ?? '' } }, { enabled: !!slug });
  if (!one.data) return null;
  const { licence } = one.data;
  return (
    <Part id={licence.id} title={t('devLicence')} lead={licence.title}>
      <p className="faint small">{licence.article}</p>
    </Part>
  );
}

function Part({ id, title, lead, children }: { id: string; title: string; lead: string; children?: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-h`}>
      <h2 id={`${id}-h`}>{title}</h2>
      <p>{lead}</p>
      {children}
    </section>
  );
}

function Code({ children }: { children: string }) {
  return (
    <pre className="code" tabIndex={0}>
      {children}
    </pre>
  );
}

function Table({ head, rows }: { head: [string, string]; rows: [string, string][] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          {head.map((h) => (
            <th key={h} scope="col">
              {h}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, meaning]) => (
          <tr key={name}>
            <th scope="row" className="row-name">
              <code>{name}</code>
            </th>
            <td>{meaning}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
