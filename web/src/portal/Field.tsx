// A labelled field with its hint and its mistake, tied together for screen readers.

import { type FormEvent, type ReactNode, useId } from 'react';
import { useText } from '../i18n';
import { messages } from './messages';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  required?: boolean;
  children: (field: {
    id: string;
    'aria-describedby'?: string;
    'aria-invalid'?: true;
    required?: boolean;
    onInvalid: (e: FormEvent<Control>) => void;
    onInput: (e: FormEvent<Control>) => void;
  }) => ReactNode;
}

export function Field({ label, hint, error, required, children }: Props) {
  const id = useId();
  const t = useText(messages);
  // The browser's own words come in the browser's language, not in the page's.
  const onInvalid = ({ currentTarget: control }: FormEvent<Control>) => {
    if (control.validity.valueMissing) control.setCustomValidity(t('required'));
    else if (control.validity.tooShort && 'minLength' in control)
      control.setCustomValidity(t('tooShort', { n: control.minLength }));
  };
  const onInput = ({ currentTarget: control }: FormEvent<Control>) => control.setCustomValidity('');
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {children({
        id,
        'aria-describedby': described,
        'aria-invalid': error ? true : undefined,
        required,
        onInvalid,
        onInput,
      })}
      {hint && (
        <p id={`${id}-hint`} className="small faint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="small field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
