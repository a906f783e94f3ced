// The procedure at the right of a detail page, with the decision form on the
// step that the reader may decide.

import { Button, Form, Input, Radio } from 'antd';
import { type ReactNode, useState } from 'react';
import type { AllowedOutcome, Step, Timeline as TimelineShape } from '../../api/types';
import { separator, useText } from '../../i18n';
import { messages } from '../messages';
import { ErrorView } from '../States';
import { Timeline } from '../Timeline';

export interface Decision {
  step_id: string;
  outcome: string;
  reason?: string;
}

export interface ProcedurePanelProps {
  timeline: TimelineShape | null | undefined;
  /** Sends the decision; the panel waits for it and shows a refusal. */
  onDecide?: (decision: Decision) => Promise<unknown>;
  /** More fields for an outcome (masks of a grant, treatment of a dataset). */
  extra?: (outcome: AllowedOutcome) => ReactNode;
}

export function ProcedurePanel({ timeline, onDecide, extra }: ProcedurePanelProps) {
  const t = useText(messages);
  return (
    <section className="surface padded" aria-label={t('procedure')}>
      {timeline ? (
        <Timeline
          timeline={timeline}
          decision={(step) =>
            onDecide && step.allowed_outcomes.length ? (
              <DecisionForm step={step} onDecide={onDecide} extra={extra} />
            ) : null
          }
        />
      ) : (
        <p className="faint">{t('noProcedure')}</p>
      )}
    </section>
  );
}

export function DecisionForm({
  step,
  onDecide,
  extra,
}: { step: Step } & Required<Pick<ProcedurePanelProps, 'onDecide'>> & Pick<ProcedurePanelProps, 'extra'>) {
  const t = useText(messages);
  const [outcome, setOutcome] = useState<string>();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [missing, setMissing] = useState(false);
  const chosen = step.allowed_outcomes.find((o) => o.name === outcome);
  const submit = async () => {
    if (!chosen) return;
    if (chosen.reason_required && !reason.trim()) return setMissing(true);
    setBusy(true);
    setError(undefined);
    try {
      await onDecide({ step_id: step.id, outcome: chosen.name, reason: reason.trim() || undefined });
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form layout="vertical" className="timeline-decision" onFinish={submit}>
      <Form.Item label={t('decide')}>
        <Radio.Group value={outcome} onChange={(e) => setOutcome(e.target.value)} aria-label={t('decide')}>
          <div className="stack tight">
            {step.allowed_outcomes.map((o) => (
              <Radio key={o.name} value={o.name}>
                {o.title}
                {o.articles.length > 0 && (
                  <span className="faint small"> {o.articles.map((a) => a.citation).join(separator())}</span>
                )}
              </Radio>
            ))}
          </div>
        </Radio.Group>
      </Form.Item>
      {chosen && extra?.(chosen)}
      {chosen && (
        <Form.Item
          label={t('reason')}
          htmlFor={`reason-${step.id}`}
          required={chosen.reason_required}
          validateStatus={missing && !reason.trim() ? 'error' : undefined}
          help={missing && !reason.trim() ? t('reasonRequired') : t('reasonHint')}
        >
          <Input.TextArea
            id={`reason-${step.id}`}
            rows={3}
            maxLength={4000}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        </Form.Item>
      )}
      {error !== undefined && <ErrorView error={error} inline />}
      <Button type="primary" htmlType="submit" disabled={!chosen} loading={busy} style={{ marginTop: 8 }}>
        {t('submitDecision')}
      </Button>
    </Form>
  );
}
