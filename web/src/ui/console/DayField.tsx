// A day, in and out as `YYYY-MM-DD`, shown as people here write it whatever
// the browser's own language.

import { DatePicker } from 'antd';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { useLang } from '../../i18n';

export function DayField({
  value,
  onChange,
  id,
  label,
  style,
}: {
  value: string | undefined;
  onChange: (day: string | undefined) => void;
  id?: string;
  label?: string;
  style?: React.CSSProperties;
}) {
  const { lang } = useLang();
  return (
    <DatePicker
      id={id}
      aria-label={label}
      placeholder={label ?? ''}
      value={value ? dayjs(value) : null}
      format={{ format: lang === 'en' ? 'D MMM YYYY' : 'YYYY年M月D日' }}
      onChange={(day) => onChange(day ? day.format('YYYY-MM-DD') : undefined)}
      style={style}
    />
  );
}
