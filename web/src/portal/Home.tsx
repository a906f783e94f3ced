import { Link, useNavigate } from '@tanstack/react-router';
import { useGet } from '../api/query';
import { amount, number } from '../format';
import { useLang, useText } from '../i18n';
import { Loaded } from '../ui/States';
import { CardRow } from './Card';
import { messages } from './messages';
import { Notice } from './Notice';
import { SearchBox } from './SearchBox';
import { TileMap } from './TileMap';
import { useTitle } from './title';
import type { DatasetCard, PortalHome } from './types';

export function Home() {
  const t = useText(messages);
  const navigate = useNavigate();
  const home = useGet('/portal/home');
  useTitle();
  const search = (q: string) => navigate({ to: '/datasets', search: { q } as never });
  return (
    <>
      <section className="hero">
        <div className="wide">
          <h1>{t('heroTitle')}</h1>
          <p>{t('heroLead')}</p>
          <SearchBox big value="" onSearch={search} />
        </div>
      </section>
      <div className="wide page">
        <Loaded query={home} lines={10}>
          {(data) => (data.figures.datasets === 0 ? <Nothing /> : <Content home={data} />)}
        </Loaded>
      </div>
    </>
  );
}

function Nothing() {
  const t = useText(messages);
  return <Notice title={t('emptyPortal')}>{t('emptyPortalNext')}</Notice>;
}

function Content({ home }: { home: PortalHome }) {
  const t = useText(messages);
  return (
    <div className="home">
      <Figures figures={home.figures} />
      <section aria-labelledby="subjects">
        <h2 id="subjects">{t('subjects')}</h2>
        <ul className="subjects">
          {home.subjects.map((s) => (
            <li key={s.value}>
              <Link to="/datasets" search={{ subject: s.value } as never}>
                <strong>{s.title}</strong>
                <span className="faint small">{t('countDatasets', { n: number(s.count) })}</span>
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <div className="home-lists">
        <Cards id="newest" title={t('newest')} cards={home.newest} sort="updated" />
        <Cards id="used" title={t('mostUsed')} cards={home.most_used} sort="used" none={t('noUse')} />
      </div>
      {home.cities.length > 0 && (
        <section aria-labelledby="cities" className="home-cities">
          <div>
            <h2 id="cities">{t('cities')}</h2>
            <p className="soft">{t('citiesLead')}</p>
          </div>
          <TileMap cities={home.cities} />
        </section>
      )}
    </div>
  );
}

function Figures({ figures }: { figures: PortalHome['figures'] }) {
  const t = useText(messages);
  const { lang } = useLang();
  const shown: [string, number][] = [
    [t('fDatasets'), figures.datasets],
    [t('fItems'), figures.items],
    [t('fRows'), figures.rows],
    [t('fDownloads'), figures.downloads],
    [t('fCalls'), figures.calls],
    [t('fWeek'), figures.changed_this_week],
  ];
  return (
    <section aria-label={t('figuresTitle')}>
      <dl className="figures">
        {shown.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="tabular" title={number(value)}>
              {amount(value, lang)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Cards({
  id,
  title,
  cards,
  sort,
  none,
}: {
  id: string;
  title: string;
  cards: DatasetCard[];
  sort: string;
  none?: string;
}) {
  const t = useText(messages);
  return (
    <section aria-labelledby={id}>
      <div className="row apart">
        <h2 id={id}>{title}</h2>
        <Link to="/datasets" search={{ sort } as never} aria-label={`${t('all')}: ${title}`}>
          {t('all')}
        </Link>
      </div>
      {cards.length === 0 && <p className="faint">{none}</p>}
      <ul className="card-rows">
        {cards.map((card) => (
          <CardRow key={card.id} card={card} short />
        ))}
      </ul>
    </section>
  );
}
