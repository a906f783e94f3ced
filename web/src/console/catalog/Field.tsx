// A labelled control of the editor, with the mistakes of its path below it.

import type { ReactNode } from 'react';
import type { FieldError } from '../../api/types';
import type { Document } from './document';

export interface Part {
  document: Document;
  errors: FieldError[];
  onChange: (document: Document) => void;
}

/** A labelled control with the mistakes of its path below it. */
export function Field({
  label,
  path,
  errors,
  required,
  wide,
  children,
}: {
  label: string;
  path: string;
  errors: FieldError[];
  required?: boolean;
  wide?: boolean;
  children: ReactNode;
}) {
  const own = errors.filter((e) => e.field === path);
  return (
    <div className={wide ? 'field wide' : 'field'} data-field={path}>
      <label htmlFor={`f-${path}`}>
        {label}
        {required && (
          <span className="required" aria-hidden="true">
            {' '}
            *
          </span>
        )}
      </label>
      {children}
      {own.map((e) => (
        <span key={e.code} className="field-error" role="alert">
          {e.message}
        </span>
      ))}
    </div>
  );
}

export const status = (errors: FieldError[], path: string) =>
  errors.some((e) => e.field === path) ? ('error' as const) : undefined;
