// Long work: how far, how fast, how long still.

import type { ReactNode } from 'react';
import { amount, duration } from '../format';
import { useLang, useText } from '../i18n';
import { messages } from './messages';

export function Progress({
  label,
  fraction,
  rowsPerSecond,
  secondsLeft,
  action,
}: {
  label: string;
  fraction: number | null | undefined;
  rowsPerSecond?: number | null;
  secondsLeft?: number | null;
  action?: ReactNode;
}) {
  const t = useText(messages);
  const { lang } = useLang();
  const known = fraction !== null && fraction !== undefined;
  const share = Math.max(0, Math.min(1, fraction ?? 0));
  return (
    <div className="stack tight">
      <div className="row apart">
        <span>
          {label} {known && <span className="tabular">{Math.round(share * 100)}%</span>}
        </span>
        <span className="row soft small tabular">
          {rowsPerSecond ? <span>{t('rate', { n: amount(Math.round(rowsPerSecond), lang) })}</span> : null}
          {secondsLeft ? <span>{t('timeLeft', { t: duration(secondsLeft * 1000, lang) })}</span> : null}
          {action}
        </span>
      </div>
      <div
        className="progress-track"
        role="progressbar"
        aria-label={label}
        aria-valuenow={known ? Math.round(share * 100) : undefined}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span
          className={known ? 'progress-fill' : 'progress-fill unknown'}
          style={known ? { width: `${share * 100}%` } : undefined}
        />
      </div>
      <span className="faint small">{t('leaveSafe')}</span>
    </div>
  );
}
