// Every procedure looks the same: who, when, decision, reason, article, and
// the next step with its clock. Needs no antd, so the portal shows it too.

import type { ReactNode } from 'react';
import type { Step, Timeline as TimelineShape } from '../api/types';
import { moment } from '../format';
import { separator, textOf, useLang, useText } from '../i18n';
import { useSession } from '../session';
import { Clock } from './Clock';
import { Icon } from './icons';
import { messages } from './messages';
import './timeline.css';

export function Timeline({ timeline, decision }: { timeline: TimelineShape; decision?: (step: Step) => ReactNode }) {
  const t = useText(messages);
  const { node } = useSession();
  // A procedure keeps the rule set that it began under; only the one in force has a title here.
  const ruleSet = timeline.rule_set === node.rule_set ? node.rule_set_title : timeline.rule_set;
  const steps = [...timeline.steps].sort((a, b) => a.opened_at.localeCompare(b.opened_at));
  return (
    <div className="timeline">
      <div className="row apart timeline-head">
        <strong>{timeline.kind_title}</strong>
        {timeline.state === 'ended' && (
          <span className="tag ink">{t('ended', { outcome: timeline.outcome_title ?? timeline.outcome ?? '' })}</span>
        )}
      </div>
      <ol className="timeline-steps">
        {steps.map((step) => (
          <li key={step.id} className={step.closed_at ? 'done' : 'open'}>
            <span className="timeline-mark">
              <Icon name={step.closed_at ? 'check' : 'dot'} size={12} />
            </span>
            <StepView step={step} />
            {!step.closed_at && decision?.(step)}
          </li>
        ))}
      </ol>
      <p className="faint small">
        {t('ruleSet', { name: [ruleSet, timeline.rule_set_version].filter(Boolean).join(' ') })}
      </p>
    </div>
  );
}

function StepView({ step }: { step: Step }) {
  const t = useText(messages);
  const { lang } = useLang();
  const who = step.by.institution?.name ?? textOf(messages, lang, `role_${step.by.role}`);
  const citations = step.articles.map((a) => a.citation);
  return (
    <div className="stack tight">
      <div className="row apart">
        <strong>{step.title}</strong>
        {step.outcome && <span className="tag">{step.outcome_title ?? step.outcome}</span>}
      </div>
      <div className="soft small">
        {step.closed_at ? [who, step.actor?.name].filter(Boolean).join(' · ') : t('waitingFor', { who })}
      </div>
      {step.reason && <blockquote className="timeline-reason">{step.reason}</blockquote>}
      <div className="faint small tabular">{moment(step.closed_at ?? step.opened_at, lang)}</div>
      {step.clock && <Clock clock={step.clock} />}
      {!step.clock && citations.length > 0 && <div className="faint small">{citations.join(separator())}</div>}
    </div>
  );
}
