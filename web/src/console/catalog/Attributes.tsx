import { Input, Select } from 'antd';
import type { FieldError } from '../../api/types';
import { useText } from '../../i18n';
import { messages as ui } from '../../ui/messages';
import type { Document } from './document';
import { Field, type Part, status } from './Field';
import { messages } from './messages';
import { useGrounds } from './shared';

export function Attributes({ document: d, errors, onChange }: Part) {
  const t = useText(messages);
  const words = useText(ui);
  const setSharing = (change: Partial<Document['sharing']>) => onChange({ ...d, sharing: { ...d.sharing, ...change } });
  const setOpening = (change: Partial<Document['opening']>) => onChange({ ...d, opening: { ...d.opening, ...change } });
  const openingGrounds = useGrounds('opening').list;
  // What the chosen grounds ask for, and what is already stated.
  const asked = (['condition', 'reason', 'basis', 'treatment'] as const).filter(
    (name) =>
      (name === 'condition' && d.opening.attribute === 'restricted') ||
      d.opening[name] ||
      openingGrounds.some((g) => d.opening.grounds.includes(g.code) && g.requires.includes(name)),
  );
  const area = (kind: 'sharing' | 'opening', name: 'condition' | 'reason' | 'basis' | 'treatment') => {
    const path = `${kind}.${name}`;
    const value = kind === 'opening' ? d.opening[name] : name === 'treatment' ? null : d.sharing[name];
    const label = name === 'treatment' ? name : (`${kind}_${name}` as const);
    return (
      <Field key={path} label={t(label)} path={path} errors={errors} wide required>
        <Input.TextArea
          id={`f-${path}`}
          rows={2}
          value={value ?? ''}
          status={status(errors, path)}
          onChange={(e) => (kind === 'sharing' ? setSharing : setOpening)({ [name]: e.target.value || null })}
        />
      </Field>
    );
  };
  return (
    <section className="surface padded">
      <h2>{t('attributes')}</h2>
      <div className="fields">
        <Field label={t('sharing')} path="sharing.attribute" errors={errors} required>
          <Select
            id="f-sharing.attribute"
            value={d.sharing.attribute ?? undefined}
            status={status(errors, 'sharing.attribute')}
            options={(['unconditional', 'restricted', 'not_shared'] as const).map((a) => ({
              value: a,
              label: words(`sharing_${a}`),
            }))}
            onChange={(attribute) => setSharing({ attribute, grounds: [] })}
            style={{ width: '100%' }}
          />
        </Field>
        {d.sharing.attribute !== 'not_shared' && (
          <Field label={t('modes')} path="sharing.modes" errors={errors} required>
            <Select
              id="f-sharing.modes"
              mode="multiple"
              value={d.sharing.modes}
              status={status(errors, 'sharing.modes')}
              options={(['verify', 'query', 'batch'] as const).map((m) => ({ value: m, label: words(`mode_${m}`) }))}
              onChange={(modes) => setSharing({ modes })}
              style={{ width: '100%' }}
            />
          </Field>
        )}
        {d.sharing.attribute === 'restricted' && area('sharing', 'condition')}
        {d.sharing.attribute === 'restricted' && area('sharing', 'reason')}
        {d.sharing.attribute === 'not_shared' && (
          <Grounds
            kind="sharing"
            attribute="not_shared"
            value={d.sharing.grounds}
            errors={errors}
            onChange={(grounds) => setSharing({ grounds })}
          />
        )}
        {d.sharing.attribute === 'not_shared' && area('sharing', 'basis')}
        <Field label={t('opening')} path="opening.attribute" errors={errors} required>
          <Select
            id="f-opening.attribute"
            value={d.opening.attribute ?? undefined}
            status={status(errors, 'opening.attribute')}
            options={(['unconditional', 'restricted', 'prohibited'] as const).map((a) => ({
              value: a,
              label: words(`opening_${a}`),
            }))}
            onChange={(attribute) => setOpening({ attribute, grounds: [] })}
            style={{ width: '100%' }}
          />
        </Field>
        {d.opening.attribute && d.opening.attribute !== 'unconditional' && (
          <Grounds
            kind="opening"
            attribute={d.opening.attribute}
            value={d.opening.grounds}
            errors={errors}
            onChange={(grounds) => setOpening({ grounds })}
          />
        )}
        {d.opening.attribute && d.opening.attribute !== 'unconditional' && asked.map((name) => area('opening', name))}
      </div>
    </section>
  );
}

/** 情形, from the rule set, each with its article. */
function Grounds({
  kind,
  attribute,
  value,
  errors,
  onChange,
}: {
  kind: 'sharing' | 'opening';
  attribute?: string;
  value: string[];
  errors: FieldError[];
  onChange: (grounds: string[]) => void;
}) {
  const t = useText(messages);
  const grounds = useGrounds(kind);
  const list = grounds.list.filter((g) => !attribute || g.attribute === attribute);
  const path = `${kind}.grounds`;
  return (
    <Field label={t(`${kind}_grounds`)} path={path} errors={errors} wide required>
      <Select
        id={`f-${path}`}
        mode="multiple"
        value={value}
        status={status(errors, path)}
        onChange={onChange}
        options={list.map((g) => ({ value: g.code, label: grounds.name(g.code) }))}
        style={{ width: '100%' }}
      />
    </Field>
  );
}
