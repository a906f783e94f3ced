import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { href } from '../../api/client';
import { useGet } from '../../api/query';
import { bytes, day, moment, number } from '../../format';
import { useLang, useText } from '../../i18n';
import { useSession } from '../../session';
import { Icon } from '../../ui/icons';
import { FactStrip } from '../../ui/Page';
import { Loaded } from '../../ui/States';
import { AttributeTag, Tag } from '../../ui/Tags';
import { messages } from '../messages';
import { NotFound } from '../NotFound';
import { Notice } from '../Notice';
import { useTitle } from '../title';
import type { DatasetDetail } from '../types';
import { Api } from './Api';
import { Dictionary } from './Dictionary';
import { Preview } from './Preview';

export function Dataset() {
  const { slug } = useParams({ strict: false }) as { slug: string };
  const dataset = useGet('/datasets/{id}', { path: { id: slug } });
  if (dataset.error?.problem.status === 404) return <NotFound />;
  return (
    <div className="wide page">
      <Loaded query={dataset} lines={12}>
        {(d) => (d.state === 'open' ? <Open d={d} /> : <Shut d={d} />)}
      </Loaded>
    </div>
  );
}

function Crumbs({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  return (
    <p className="crumbs small">
      <Link to="/datasets">{t('datasets')}</Link>
      <span aria-hidden="true"> / </span>
      <Link to="/datasets" search={{ subject: d.subject.code } as never}>
        {d.subject.title}
      </Link>
    </p>
  );
}

/** Of a dataset that is not open: its name, its state, and what happens next. */
function Shut({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const { lang } = useLang();
  useTitle(d.title);
  const key = d.state === 'withdrawn' ? 'withdrawn' : d.state === 'treating' ? 'treating' : 'suspended';
  return (
    <>
      <Crumbs d={d} />
      <h1 className="dataset-title">{d.title}</h1>
      <p className="soft">{d.opener.name}</p>
      <div className="surface shut">
        <Notice
          title={t(`${key}Title`)}
          action={
            <span className="row">
              <Link className="button" to="/datasets">
                {t('datasets')}
              </Link>
              <Link className="button" to="/me">
                {t('matters')}
              </Link>
            </span>
          }
        >
          <Tag tone="warn" icon="pause">
            {t(`st_${d.state}`)} · {t('since', { date: moment(d.since, lang) })}
          </Tag>
          <br />
          {t(`${key}Text`)}
          <br />
          {t('yourMatter')}
        </Notice>
      </div>
    </>
  );
}

function Open({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const { lang } = useLang();
  useTitle(d.title);
  const sections = ['preview', 'dictionary', 'downloads', 'api', 'quality', 'voice'] as const;
  return (
    <>
      <Crumbs d={d} />
      <h1 className="dataset-title">{d.title}</h1>
      {d.summary && <p className="dataset-summary">{d.summary}</p>}
      <FactStrip
        facts={[
          {
            label: t('opener'),
            value: (
              <Link to="/datasets" search={{ opener: d.opener.id } as never}>
                {d.opener.name}
              </Link>
            ),
          },
          { label: t('attribute'), value: <AttributeTag kind="opening" value={d.attribute} /> },
          { label: t('updated'), value: day(d.updated_at, lang) },
          { label: t('frequency'), value: d.frequency.title },
          { label: t('volume'), value: <span className="tabular">{t('rowsCount', { n: number(d.rows) })}</span> },
        ]}
      />
      <nav className="in-page" aria-label={t('onThisPage')}>
        {sections.map((s) => (
          <a key={s} href={`#${s}`}>
            {t(s)}
          </a>
        ))}
      </nav>
      <div className="dataset-grid">
        <div className="dataset-main">
          <section id="preview" aria-labelledby="preview-h">
            <h2 id="preview-h">{t('preview')}</h2>
            <Preview d={d} />
          </section>
          <section id="dictionary" aria-labelledby="dictionary-h">
            <h2 id="dictionary-h">{t('dictionary')}</h2>
            <Dictionary items={d.dictionary} />
          </section>
          <section id="api" aria-labelledby="api-h">
            <h2 id="api-h">{t('api')}</h2>
            <Api d={d} />
          </section>
          <section id="quality" aria-labelledby="quality-h">
            <h2 id="quality-h">{t('quality')}</h2>
            <Quality d={d} />
          </section>
        </div>
        <aside className="dataset-side">
          <section id="downloads" aria-labelledby="downloads-h" className="surface padded">
            <h2 id="downloads-h">{t('downloads')}</h2>
            <Downloads d={d} />
          </section>
          <section id="voice" aria-labelledby="voice-h" className="surface padded">
            <h2 id="voice-h">{t('voice')}</h2>
            <Voice d={d} />
          </section>
          <section aria-labelledby="details-h" className="surface padded">
            <h2 id="details-h">{t('details')}</h2>
            <Details d={d} />
          </section>
        </aside>
      </div>
    </>
  );
}

function Downloads({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const { lang } = useLang();
  return (
    <div className="stack tight">
      <ul className="downloads">
        {d.downloads_offered.map((file, i) => (
          <li key={file.format}>
            <a
              className={i === 0 ? 'button primary' : 'button'}
              href={href('/datasets/{id}/files/{format}', { path: { id: d.slug, format: file.format } })}
              download
            >
              <Icon name="down" />
              {t('downloadAs', { format: file.format.toUpperCase(), size: bytes(file.bytes) })}
            </a>
            <details className="small">
              <summary>{t('checksum')}</summary>
              <code className="checksum">{file.sha256}</code>
            </details>
            {file.note && <p className="small soft">{file.note}</p>}
          </li>
        ))}
      </ul>
      <p className="small faint">{t('built', { date: moment(d.built_at, lang) })}</p>
      {d.records_removed > 0 && <p className="small soft">{t('recordsRemoved', { n: d.records_removed })}</p>}
      <p className="small faint">{t('filesNote')}</p>
    </div>
  );
}

function Voice({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const params = { slug: d.slug };
  return (
    <div className="stack tight">
      <p className="small soft">{t('voiceLead')}</p>
      <Link className="button" to="/datasets/$slug/opinion" params={params}>
        {t('reportError')}
      </Link>
      <p className="small faint">{t('reportErrorNote')}</p>
      <Link className="button" to="/datasets/$slug/withdrawal" params={params}>
        {t('askWithdrawal')}
      </Link>
      <p className="small faint">{t('askWithdrawalNote')}</p>
    </div>
  );
}

function Details({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const { lang } = useLang();
  const { node } = useSession();
  const cite = t('citeText', {
    opener: d.opener.name,
    title: d.title,
    site: t('site', { place: node.division_name }),
    date: day(Date.now(), lang),
    url: `${location.origin}/datasets/${d.slug}`,
  });
  const pairs: [string, React.ReactNode][] = [
    [t('subject'), d.subject.title],
    [t('code'), <code key="code">{d.code}</code>],
    [t('division'), d.division.name],
    [t('span'), d.time_span ? d.time_span.split('/').map((x) => (x ? day(x, lang) : '')).join(' – ') : '—'],
    [t('version'), t('versionOf', { v: d.version, t: d.table_version })],
    [
      t('visits'),
      <span key="v" className="tabular">
        {number(d.visits)}
      </span>,
    ],
    [
      t('licence'),
      <Link key="l" to="/developers" hash={d.licence.id}>
        {d.licence.title}
      </Link>,
    ],
  ];
  return (
    <>
      <dl className="side-pairs">
        {pairs.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="stack tight">
        <h3>{t('cite')}</h3>
        <p className="small soft cite">{cite}</p>
        <Copy text={cite} />
      </div>
    </>
  );
}

function Copy({ text }: { text: string }) {
  const t = useText(messages);
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      className="button small-button"
      onClick={() => navigator.clipboard.writeText(text).then(() => setDone(true))}
    >
      {done ? t('copied') : t('copy')}
    </button>
  );
}

const VERSIONS = 10;

function Quality({ d }: { d: DatasetDetail }) {
  const t = useText(messages);
  const { lang } = useLang();
  const [all, setAll] = useState(false);
  const shown = all ? d.versions : d.versions.slice(0, VERSIONS);
  return (
    <div className="stack">
      {d.quality === null || d.quality === undefined ? (
        <p className="soft">{t('qualityNone')}</p>
      ) : (
        <p>
          <strong className="score tabular">{d.quality.toFixed(1)}</strong> {t('qualityScore')}
          <br />
          <span className="soft small">{t('qualityHow')}</span>
        </p>
      )}
      <h3>{t('versionsTitle')}</h3>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t('versionsTitle')}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('version')}</th>
              <th scope="col">{t('builtAt')}</th>
              <th scope="col" className="num">
                {t('volume')}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((v) => (
              <tr key={v.built_at}>
                <td>
                  {t('versionOf', { v: v.version, t: v.table_version })}{' '}
                  {v.state === 'current' && <Tag tone="ink">{t('current')}</Tag>}
                </td>
                <td className="tabular">{moment(v.built_at, lang)}</td>
                <td className="num">{number(v.rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < d.versions.length && (
        <p>
          <button type="button" className="button" onClick={() => setAll(true)}>
            {t('more')}
          </button>
        </p>
      )}
    </div>
  );
}
