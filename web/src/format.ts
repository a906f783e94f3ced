// Dates, numbers and sizes as people here write them. Moments come from the
// server as RFC 3339 with +08:00 and are shown in China Standard Time wherever
// the reader's machine stands.

import type { Lang } from './i18n';

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function fields(moment: string | number | Date) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return null;
  return Object.fromEntries(parts.formatToParts(date).map((p) => [p.type, p.value]));
}

/** 2026年11月20日 14:05 · 20 Nov 2026, 14:05 */
export function moment(value: string | number | null | undefined, lang: Lang = 'zh', seconds = false): string {
  if (value === null || value === undefined || value === '') return '—';
  const f = fields(value);
  if (!f) return String(value);
  const time = `${f.hour}:${f.minute}${seconds ? `:${f.second}` : ''}`;
  return `${day(value, lang)} ${time}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** 2026年11月20日. A plain `YYYY-MM-DD` is taken as it stands. */
export function day(value: string | number | null | undefined, lang: Lang = 'zh'): string {
  if (value === null || value === undefined || value === '') return '—';
  const plain = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) : null;
  const f = plain ? { year: plain[1], month: plain[2], day: plain[3] } : fields(value);
  if (!f) return String(value);
  const month = Number(f.month);
  return lang === 'zh' ? `${f.year}年${month}月${Number(f.day)}日` : `${Number(f.day)} ${MONTHS[month - 1]} ${f.year}`;
}

/** 1,943,000 */
export const number = (n: number | null | undefined, digits = 0): string =>
  n === null || n === undefined
    ? '—'
    : n.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });

/** 194.3 万, 233.9 亿; below ten thousand the number with separators. English: 1.94 M. */
export function amount(n: number | null | undefined, lang: Lang = 'zh'): string {
  if (n === null || n === undefined) return '—';
  const scaled = (by: number, unit: string) =>
    `${(n / by).toLocaleString('en-US', { maximumFractionDigits: n / by >= 100 ? 1 : 2 })} ${unit}`;
  if (lang === 'zh') {
    if (Math.abs(n) >= 1e8) return scaled(1e8, '亿');
    if (Math.abs(n) >= 1e4) return scaled(1e4, '万');
  } else {
    if (Math.abs(n) >= 1e9) return scaled(1e9, 'bn');
    if (Math.abs(n) >= 1e6) return scaled(1e6, 'm');
  }
  return number(n);
}

/** 0.9850 → 98.50%; nothing and all are 0% and 100%. */
export const percent = (ratio: number | null | undefined, digits = 2): string =>
  ratio === null || ratio === undefined || Number.isNaN(ratio) ? '—' : `${ratio === 0 || ratio === 1 ? ratio * 100 : (ratio * 100).toFixed(digits)}%`;

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '—';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Length of time in the largest two units: 2 分 5 秒. */
export function duration(ms: number | null | undefined, lang: Lang = 'zh'): string {
  if (ms === null || ms === undefined) return '—';
  if (ms < 1000) return lang === 'zh' ? `${Math.round(ms)} 毫秒` : `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  const unit = lang === 'zh' ? ['小时', '分', '秒'] : ['h', 'min', 's'];
  const values = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const first = values.findIndex((v) => v > 0);
  return values
    .map((v, i) => [v, unit[i]] as const)
    .slice(first, first + 2)
    .filter(([v]) => v > 0)
    .map(([v, u]) => `${v} ${u}`)
    .join(' ');
}

/** First eight and last six characters of a digest or id; the whole stands in the title. */
export const short = (text: string): string => (text.length > 18 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);
