import { Input, InputNumber, Select } from 'antd';
import { bracketed, useText } from '../../i18n';
import { DayField } from '../../ui/console/DayField';
import type { Document } from './document';
import { Field, type Part, status } from './Field';
import { messages } from './messages';
import { useVocabulary } from './shared';

export function Basics({ document: d, errors, onChange }: Part) {
  const t = useText(messages);
  const v = useVocabulary();
  const set = (change: Partial<Document>) => onChange({ ...d, ...change });
  const text = (path: 'title' | 'summary') => ({
    id: `f-${path}`,
    value: d[path],
    status: status(errors, path),
    onChange: (e: { target: { value: string } }) => set({ [path]: e.target.value }),
  });
  const choice = (
    path: 'subject' | 'format' | 'data_type' | 'update_frequency',
    list: Parameters<typeof v.options>[0],
  ) => ({
    id: `f-${path}`,
    value: d[path] || undefined,
    status: status(errors, path),
    options: v.options(list),
    onChange: (value: string) => set({ [path]: value }),
    showSearch: { optionFilterProp: 'label' },
    style: { width: '100%' },
  });
  const libraries = [...v.options('base_libraries'), ...v.options('thematic_libraries')];
  return (
    <section className="surface padded">
      <h2>{t('basics')}</h2>
      <div className="fields">
        <Field label={t('name')} path="title" errors={errors} required wide>
          <Input {...text('title')} maxLength={200} autoFocus />
        </Field>
        <Field label={t('summary')} path="summary" errors={errors} required wide>
          <Input.TextArea {...text('summary')} rows={3} maxLength={4000} />
        </Field>
        <Field label={t('subject')} path="subject" errors={errors} required>
          <Select {...choice('subject', 'subjects')} />
        </Field>
        <Field label={t('frequency')} path="update_frequency" errors={errors} required>
          <Select {...choice('update_frequency', 'frequencies')} />
        </Field>
        <Field label={t('format')} path="format" errors={errors} required>
          <Select {...choice('format', 'formats')} />
        </Field>
        <Field label={t('dataType')} path="data_type" errors={errors} required>
          <Select {...choice('data_type', 'data_types')} />
        </Field>
        <Field label={t('grade')} path="grade" errors={errors} required>
          <Select
            id="f-grade"
            value={d.grade ?? undefined}
            status={status(errors, 'grade')}
            options={(['L1', 'L2', 'L3', 'L4'] as const).map((g) => ({ value: g, label: g }))}
            onChange={(grade) => set({ grade })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('library')} path="libraries" errors={errors}>
          <Select
            id="f-libraries"
            mode="multiple"
            value={d.libraries}
            options={libraries}
            onChange={(value) => set({ libraries: value })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('channels')} path="channels" errors={errors}>
          <Select
            id="f-channels"
            mode="multiple"
            value={d.channels}
            options={v.options('channels')}
            onChange={(value) => set({ channels: value })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={t('volume')} path="volume" errors={errors}>
          <InputNumber
            id="f-volume"
            min={0}
            value={d.volume}
            onChange={(volume) => set({ volume })}
            style={{ width: '100%' }}
          />
        </Field>
        <Field label={bracketed(t('timeSpan'), t('from'))} path="time_span.from" errors={errors}>
          <DayField
            id="f-time_span.from"
            value={d.time_span?.from ?? undefined}
            onChange={(day) => set({ time_span: { to: null, ...d.time_span, from: day ?? null } })}
          />
        </Field>
        <Field label={bracketed(t('timeSpan'), t('to'))} path="time_span.to" errors={errors}>
          <DayField
            id="f-time_span.to"
            value={d.time_span?.to ?? undefined}
            onChange={(day) => set({ time_span: { from: null, ...d.time_span, to: day ?? null } })}
          />
        </Field>
      </div>
    </section>
  );
}
