// The items of an entry as a grid: typed in, pasted from a spreadsheet, or
// derived from a sample file.

import { App, Button, Checkbox, Input, InputNumber, Select, Upload } from 'antd';
import { type ClipboardEvent, useState } from 'react';
import { post } from '../../api/client';
import type { FieldError, Item } from '../../api/types';
import { separator, textOf, useLang, useText } from '../../i18n';
import { Icon } from '../../ui/icons';
import { ErrorView } from '../../ui/States';
import { messages as ui } from '../../ui/messages';
import { useTypeName } from '../../ui/Tags';
import { emptyItem, itemsFromText } from './document';
import { messages } from './messages';
import { columnsOf } from './sample';

const TYPES = ['string', 'integer', 'decimal', 'date', 'datetime', 'boolean'] as const;
const GRADES = ['L1', 'L2', 'L3', 'L4'] as const;
const OPENINGS = ['unconditional', 'restricted', 'prohibited'] as const;
const IDENTIFIERS = ['citizen_id', 'uscc', 'division', 'phone', 'name', 'address', 'email', 'bank_card', 'plate'];

export function ItemsEditor({
  items,
  errors,
  onChange,
}: {
  items: Item[];
  errors: FieldError[];
  onChange: (items: Item[]) => void;
}) {
  const t = useText(messages);
  const { message } = App.useApp();
  const [error, setError] = useState<unknown>();
  const set = (index: number, change: Partial<Item>) =>
    onChange(items.map((item, i) => (i === index ? { ...item, ...change } : item)));

  const paste = (index: number) => (e: ClipboardEvent) => {
    const text = e.clipboardData.getData('text/plain');
    if (!text.includes('\t') && !text.trim().includes('\n')) return;
    e.preventDefault();
    const pasted = itemsFromText(text);
    const kept = items.filter((item, i) => i < index || (i > index && (item.name || item.title)));
    onChange([...kept.slice(0, index), ...pasted, ...kept.slice(index)]);
  };
  const derive = async (file: File) => {
    setError(undefined);
    try {
      const proposal = await post('/resources/derive-items', { body: { columns: await columnsOf(file) } });
      onChange(proposal);
      message.success(t('derived', { n: proposal.length }));
    } catch (e) {
      setError(e);
    }
  };
  return (
    <div className="stack tight">
      <div className="row apart">
        <h2>
          {t('items')} <span className="faint tabular">{items.length}</span>
        </h2>
        <Upload
          accept=".csv,.tsv,.txt,.jsonl,.ndjson"
          showUploadList={false}
          beforeUpload={(file) => {
            derive(file);
            return false;
          }}
        >
          <Button>{t('derive')}</Button>
        </Upload>
      </div>
      <p className="faint small">{t('pasteHint')}</p>
      {error !== undefined && <ErrorView error={error} inline />}
      {errors
        .filter((e) => e.field === 'items')
        .map((e) => (
          <span key={e.code} className="field-error" role="alert">
            {e.message}
          </span>
        ))}
      <div className="table-scroll" role="region" aria-label={t('items')} tabIndex={0}>
        <table className="table compact items-editor">
          <thead>
            <tr>
              {(
                [
                  'itemTitle',
                  'itemName',
                  'meaning',
                  'type',
                  'length',
                  'identifier',
                  'key',
                  'nullable',
                  'grade',
                  'itemOpening',
                ] as const
              ).map((k) => (
                <th key={k} scope="col">
                  {t(k)}
                </th>
              ))}
              <th scope="col">
                <span className="sr-only">{t('removeItem', { n: '' })}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item, i) => (
              <ItemRow
                key={item.id ?? `new-${i}`}
                item={item}
                index={i}
                errors={errors}
                onPaste={paste(i)}
                onChange={(change) => set(i, change)}
                onRemove={() => onChange(items.filter((_, j) => j !== i))}
              />
            ))}
          </tbody>
        </table>
      </div>
      <div>
        <Button type="dashed" onClick={() => onChange([...items, emptyItem()])} onPaste={paste(items.length)}>
          {t('addItem')}
        </Button>
      </div>
    </div>
  );
}

function ItemRow({
  item,
  index,
  errors,
  onPaste,
  onChange,
  onRemove,
}: {
  item: Item;
  index: number;
  errors: FieldError[];
  onPaste: (e: ClipboardEvent) => void;
  onChange: (change: Partial<Item>) => void;
  onRemove: () => void;
}) {
  const t = useText(messages);
  const { lang } = useLang();
  const typeName = useTypeName();
  const words = useText(ui);
  const n = index + 1;
  const label = (key: Parameters<typeof t>[0]) => `${t(key)} ${n}`;
  const prefix = `items[${index}].`;
  const own = errors.filter((e) => e.field.startsWith(prefix) || e.field === `items[${index}]`);
  const status = (name: string) => (own.some((e) => e.field === prefix + name) ? ('error' as const) : undefined);
  return (
    <>
      <tr onPaste={onPaste}>
        <td>
          <Input
            aria-label={label('itemTitle')}
            status={status('title')}
            value={item.title}
            onChange={(e) => onChange({ title: e.target.value })}
            style={{ minWidth: 140 }}
          />
        </td>
        <td>
          <Input
            aria-label={label('itemName')}
            status={status('name')}
            value={item.name}
            onChange={(e) => onChange({ name: e.target.value })}
            style={{ minWidth: 120 }}
            className="mono"
          />
        </td>
        <td>
          <Input
            aria-label={label('meaning')}
            status={status('meaning')}
            value={item.meaning}
            onChange={(e) => onChange({ meaning: e.target.value })}
            style={{ minWidth: 160 }}
          />
        </td>
        <td>
          <Select
            aria-label={label('type')}
            status={status('type')}
            value={item.type}
            options={TYPES.map((v) => ({ value: v, label: typeName(v) }))}
            onChange={(type) => onChange({ type, scale: type === 'decimal' ? item.scale : null })}
            style={{ width: 104 }}
          />
        </td>
        <td>
          <InputNumber
            aria-label={label('length')}
            status={status('length')}
            min={1}
            value={item.length}
            onChange={(length) => onChange({ length })}
            style={{ width: 76 }}
          />
          {item.type === 'decimal' && (
            <InputNumber
              aria-label={label('scale')}
              placeholder={t('scale')}
              status={status('scale')}
              min={0}
              max={18}
              value={item.scale}
              onChange={(scale) => onChange({ scale })}
              style={{ width: 76, marginTop: 4 }}
            />
          )}
        </td>
        <td>
          <Select
            aria-label={label('identifier')}
            allowClear
            status={status('identifier')}
            value={item.identifier ?? undefined}
            options={IDENTIFIERS.map((v) => ({ value: v, label: textOf(messages, lang, `id_${v}`) }))}
            onChange={(identifier) => onChange({ identifier: identifier ?? null })}
            style={{ width: 150 }}
          />
        </td>
        <td>
          <Checkbox
            aria-label={label('key')}
            checked={item.key}
            // A key cannot be empty.
            onChange={(e) => onChange(e.target.checked ? { key: true, nullable: false } : { key: false })}
          />
        </td>
        <td>
          <Checkbox
            aria-label={label('nullable')}
            checked={item.nullable}
            disabled={item.key}
            onChange={(e) => onChange({ nullable: e.target.checked })}
          />
        </td>
        <td>
          <Select
            aria-label={label('grade')}
            status={status('grade')}
            value={item.grade ?? undefined}
            options={GRADES.map((g) => ({ value: g, label: g }))}
            onChange={(grade) => onChange({ grade })}
            style={{ width: 72 }}
          />
        </td>
        <td>
          <Select
            aria-label={label('itemOpening')}
            allowClear
            placeholder={t('asResource')}
            status={status('opening')}
            value={item.opening ?? undefined}
            options={OPENINGS.map((v) => ({ value: v, label: words(`opening_${v}`) }))}
            onChange={(opening) => onChange({ opening: opening ?? null })}
            style={{ width: 120 }}
          />
        </td>
        <td>
          <Button
            type="text"
            aria-label={t('removeItem', { n })}
            icon={<Icon name="cross" size={14} />}
            onClick={onRemove}
          />
        </td>
      </tr>
      {own.length > 0 && (
        <tr>
          <td colSpan={11} className="field-error">
            {own.map((e) => e.message).join(separator())}
          </td>
        </tr>
      )}
    </>
  );
}
