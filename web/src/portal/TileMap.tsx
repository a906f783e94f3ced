// The province as tiles, one a city, in the places that everybody knows; no
// boundary lines, for a public map of boundaries needs an approval number.

import { Link } from '@tanstack/react-router';
import { useText } from '../i18n';
import { messages } from './messages';
import type { PortalHome } from './types';

/** Column and row of each city of Zhejiang; other nodes' cities follow in order. */
const PLACES: Record<string, [number, number]> = {
  '330500': [2, 1],
  '330400': [3, 1],
  '330100': [2, 2],
  '330600': [3, 2],
  '330200': [4, 2],
  '330900': [5, 2],
  '330800': [1, 3],
  '330700': [2, 3],
  '331000': [3, 3],
  '331100': [2, 4],
  '330300': [3, 4],
};

export function TileMap({ cities }: { cities: PortalHome['cities'] }) {
  const t = useText(messages);
  const most = Math.max(1, ...cities.map((c) => c.datasets));
  return (
    <ul className="tile-map">
      {cities.map((city) => {
        const place = PLACES[city.code];
        // four steps of one blue; the number stands in the tile as well
        const step = city.datasets === 0 ? 0 : Math.ceil((city.datasets / most) * 3);
        return (
          <li key={city.code} style={place && { gridColumn: place[0], gridRow: place[1] }}>
            <Link to="/datasets" search={{ division: city.code } as never} className={`tile step-${step}`}>
              <span>{city.name.replace(/市$/, '')}</span>
              <span className="tabular">
                {city.datasets}
                <span className="sr-only">{t('datasetsWord')}</span>
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
