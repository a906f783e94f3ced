// Filters that somebody uses every day, kept in this browser under a name.

import { Button, Input, Popover } from 'antd';
import { useState } from 'react';
import { useText } from '../../i18n';
import { Icon } from '../icons';
import { messages } from '../messages';

/** A small setting that survives the page, in this browser. */
export function useStored<T>(key: string, initial: T): [T, (value: T) => void] {
  const name = `shuqiao.${key}`;
  const [value, setValue] = useState<T>(() => {
    try {
      const stored = localStorage.getItem(name);
      return stored === null ? initial : (JSON.parse(stored) as T);
    } catch {
      return initial;
    }
  });
  return [
    value,
    (next) => {
      setValue(next);
      localStorage.setItem(name, JSON.stringify(next));
    },
  ];
}

type View = Record<string, string>;

export function SavedViews({ id, address, onChoose }: { id: string; address: View; onChoose: (view: View) => void }) {
  const t = useText(messages);
  const [views, setViews] = useStored<Record<string, View>>(`${id}.views`, {});
  const [name, setName] = useState('');
  const { cursor: _, ...view } = address;
  const save = () => {
    if (!name.trim()) return;
    setViews({ ...views, [name.trim()]: view });
    setName('');
  };
  const content = (
    <div className="stack tight" style={{ width: 260 }}>
      {Object.keys(views).length === 0 && <span className="faint">{t('noViews')}</span>}
      {Object.entries(views).map(([label, saved]) => (
        <div key={label} className="row apart">
          <button type="button" className="link-button" onClick={() => onChoose(saved)}>
            {label}
          </button>
          <Button
            type="text"
            size="small"
            aria-label={`${t('removeView')} ${label}`}
            icon={<Icon name="cross" size={12} />}
            onClick={() => setViews(Object.fromEntries(Object.entries(views).filter(([k]) => k !== label)))}
          />
        </div>
      ))}
      <Input
        placeholder={t('viewName')}
        aria-label={t('viewName')}
        value={name}
        maxLength={30}
        onChange={(e) => setName(e.target.value)}
        onPressEnter={save}
      />
      <Button type="primary" disabled={!name.trim()} onClick={save}>
        {t('saveView')}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content}>
      <Button>{t('views')}</Button>
    </Popover>
  );
}
