// A statutory deadline: 剩 2 个工作日 · 《条例》第二十五条. Amber in the last
// third, red when missed; the pop-up counts it day by day.

import { useId, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type { ClockShape } from '../api/types';
import { day } from '../format';
import { type Lang, useLang, useText } from '../i18n';
import './clock.css';
import { Icon, type IconName } from './icons';
import { messages } from './messages';
import type { Tone } from './Tags';

const LOOK: Record<string, [Tone, IconName]> = {
  running: ['plain', 'clock'],
  warning: ['warn', 'clock'],
  overdue: ['bad', 'alert'],
  kept: ['good', 'check'],
  missed: ['bad', 'alert'],
};

export function useClockText() {
  const t = useText(messages);
  return (clock: ClockShape): string => {
    const left = clock.remaining_working_days;
    const late = clock.late_working_days || Math.abs(Math.min(left, 0));
    switch (clock.state) {
      case 'kept':
        return t('keptIn');
      case 'missed':
        return t('missedBy', { n: late });
      case 'overdue':
        return late > 0 ? t('overdueBy', { n: late }) : t('overdueToday');
      default:
        if (clock.working_days === 0) return t('atOnce');
        return left > 0 ? t('leftDays', { n: left }) : t('leftToday');
    }
  };
}

export function Clock({ clock, article = true }: { clock: ClockShape | null | undefined; article?: boolean }) {
  const text = useClockText();
  const { lang } = useLang();
  const [open, setOpen] = useState(false);
  const id = useId();
  const face = useRef<HTMLButtonElement>(null);
  if (!clock) return <span className="faint">—</span>;
  const [tone, icon] = LOOK[clock.state] ?? LOOK.running;
  return (
    <span className="clock" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
      <button
        type="button"
        ref={face}
        className={`tag clock-face ${tone}`}
        aria-expanded={open}
        aria-controls={id}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onClick={(e) => {
          e.stopPropagation();
          setOpen((o) => !o);
        }}
        onKeyDown={(e) => e.key === 'Escape' && setOpen(false)}
      >
        <Icon name={icon} size={12} />
        {text(clock)}
      </button>
      {article && <span className="clock-article">{clock.article.citation}</span>}
      {open &&
        createPortal(
          <Counting id={id} clock={clock} lang={lang} at={face.current?.getBoundingClientRect()} />,
          document.body,
        )}
    </span>
  );
}

const WIDTH = 320;

function Counting({ id, clock, lang, at }: { id: string; clock: ClockShape; lang: Lang; at: DOMRect | undefined }) {
  const t = useText(messages);
  let n = 0;
  // Above the face where there is no room below it.
  const below = !at || at.bottom + 340 < window.innerHeight;
  const place = {
    left: Math.max(8, Math.min(at?.left ?? 0, window.innerWidth - WIDTH - 16)),
    ...(below ? { top: (at?.bottom ?? 0) + 2 } : { bottom: window.innerHeight - (at?.top ?? 0) + 2 }),
  };
  return (
    <span className="clock-pop" id={id} role="tooltip" style={place}>
      <strong>{t('countedHow')}</strong>
      <span>
        {t('dueOn', { date: day(clock.due_date, lang) })}
        {` · ${clock.article.citation}`}
      </span>
      <span className="faint">{t('countedNote', { n: clock.working_days })}</span>
      {clock.provisional && <span className="clock-provisional">{t('provisional')}</span>}
      <span className="clock-days">
        {clock.counted_days.map((d) => {
          if (d.counts) n += 1;
          return (
            <span key={d.date} className={d.counts ? 'clock-day counts' : 'clock-day'}>
              <span className="tabular">{day(d.date, lang)}</span>
              <span>{d.why}</span>
              <span>{d.counts ? t('dayNo', { n }) : t('countsNot')}</span>
            </span>
          );
        })}
      </span>
    </span>
  );
}
