// Attributes, modes, grades and states as a word with a mark.

import type { ReactNode } from 'react';
import { textOf, useLang } from '../i18n';
import { Icon, type IconName } from './icons';
import { messages } from './messages';

export type Tone = 'plain' | 'ink' | 'good' | 'warn' | 'bad';

export function Tag({
  tone = 'plain',
  icon,
  children,
  title,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className={`tag ${tone}`} title={title}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

const MARKS: Record<string, [Tone, IconName]> = {
  unconditional: ['good', 'open'],
  restricted: ['warn', 'lock'],
  not_shared: ['plain', 'ban'],
  prohibited: ['plain', 'ban'],
};

/** 共享属性 or 开放属性. */
export function AttributeTag({ kind, value }: { kind: 'sharing' | 'opening'; value: string | null | undefined }) {
  const { lang } = useLang();
  if (!value) return <span className="faint">—</span>;
  const [tone, icon] = MARKS[value] ?? ['plain', 'dot'];
  return (
    <Tag tone={tone} icon={icon}>
      {textOf(messages, lang, `${kind}_${value}`)}
    </Tag>
  );
}

export function ModeTags({ modes }: { modes: readonly string[] | undefined }) {
  const { lang } = useLang();
  return (
    <span className="row">
      {modes?.map((mode) => (
        <Tag key={mode}>{textOf(messages, lang, `mode_${mode}`)}</Tag>
      ))}
    </span>
  );
}

/** 分级: a small mark, its meaning in the title. */
export function GradeMark({ grade }: { grade: string | null | undefined }) {
  const { lang } = useLang();
  if (!grade) return null;
  const tone: Tone = grade === 'L4' ? 'bad' : grade === 'L3' ? 'warn' : 'plain';
  return (
    <Tag tone={tone} title={textOf(messages, lang, `grade_${grade}`)}>
      {grade}
    </Tag>
  );
}

/** Name of a column's type. */
export function useTypeName() {
  const { lang } = useLang();
  return (type: string) => textOf(messages, lang, `type_${type}`);
}
