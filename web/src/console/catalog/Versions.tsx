import { Link, useParams } from '@tanstack/react-router';
import { Radio } from 'antd';
import { useGet } from '../../api/query';
import { moment } from '../../format';
import { useLang, useText } from '../../i18n';
import { Compare } from '../../ui/Compare';
import { PageHead } from '../../ui/Page';
import { ErrorView, Loaded } from '../../ui/States';
import { useAddress } from '../frame/search';
import { messages } from './messages';
import { StateTag } from './shared';
import { useValueName } from './values';

export function Versions() {
  const { id } = useParams({ strict: false }) as { id: string };
  const t = useText(messages);
  const { lang } = useLang();
  const [address, setAddress] = useAddress();
  const resource = useGet('/resources/{id}', { path: { id } });
  const valueName = useValueName(resource.data?.related);
  const versions = useGet('/resources/{id}/versions', { path: { id } });
  const list = versions.data ?? [];
  const numbers = list.map((v) => v.version).sort((a, b) => a - b);
  const from = Number(address.from ?? numbers.at(-2));
  const to = Number(address.to ?? numbers.at(-1));
  const ready = Number.isFinite(from) && Number.isFinite(to) && from !== to;
  const comparison = useGet(
    '/resources/{id}/compare',
    { path: { id }, query: { from, to } },
    { enabled: ready },
  );
  return (
    <>
      <PageHead
        title={t('versionsTitle')}
        lead={t('versionsLead')}
        crumbs={
          <Link to={'/catalog/$id' as never} params={{ id } as never}>
            {resource.data?.title}
          </Link>
        }
      />
      <Loaded query={versions}>
        {() => (
          <div className="split wide-right">
            <section className="surface padded" aria-label={t('compare')}>
              {ready ? (
                comparison.data ? (
                  <Compare comparison={comparison.data} valueName={valueName} />
                ) : (
                  comparison.error && <ErrorView error={comparison.error} />
                )
              ) : (
                <p className="soft">{t('chooseTwo')}</p>
              )}
            </section>
            <section className="surface right table-scroll">
              <table className="table compact">
                <thead>
                  <tr>
                    <th scope="col">{t('version')}</th>
                    <th scope="col">{t('state')}</th>
                    <th scope="col">{t('updatedAt')}</th>
                    <th scope="col">{t('compareFrom')}</th>
                    <th scope="col">{t('compareTo')}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...list]
                    .sort((a, b) => b.version - a.version)
                    .map((v) => (
                      <tr key={v.version}>
                        <td className="nowrap">{t('versionNo', { n: v.version })}</td>
                        <td>
                          <StateTag state={v.state} />
                        </td>
                        <td className="tabular">{moment(v.published_at ?? v.updated_at, lang)}</td>
                        <td>
                          <Radio
                            aria-label={`${t('compareFrom')} ${v.version}`}
                            checked={from === v.version}
                            disabled={v.version === to}
                            onChange={() => setAddress({ from: String(v.version) })}
                          />
                        </td>
                        <td>
                          <Radio
                            aria-label={`${t('compareTo')} ${v.version}`}
                            checked={to === v.version}
                            disabled={v.version === from}
                            onChange={() => setAddress({ to: String(v.version) })}
                          />
                        </td>
                      </tr>
                    ))}
                </tbody>
              </table>
            </section>
          </div>
        )}
      </Loaded>
    </>
  );
}
