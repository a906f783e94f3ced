// What is left of a list when one more condition is chosen.

import { useState } from 'react';
import type { Schema } from '../../api/operation';
import { number } from '../../format';

type Facet = Schema<'FacetValue'>;

export function Facets({
  title,
  values,
  chosen,
  name,
  onChoose,
}: {
  title: string;
  values: Facet[] | undefined;
  chosen: string | undefined;
  name: (value: string) => string;
  onChoose: (value: string | undefined) => void;
}) {
  if (!values?.length) return null;
  return (
    <section>
      <h2>{title}</h2>
      {values.slice(0, 12).map((f) => (
        <button
          key={f.value}
          type="button"
          aria-pressed={chosen === f.value}
          onClick={() => onChoose(chosen === f.value ? undefined : f.value)}
        >
          <span>{f.title || name(f.value)}</span>
          <span className="faint tabular">{number(f.count)}</span>
        </button>
      ))}
    </section>
  );
}

type Unit = Schema<'UnitNode'>;

/** 单位目录树: institutions with how many entries each has. */
export function UnitTree({
  title,
  units,
  chosen,
  onChoose,
}: {
  title: string;
  units: Unit[] | undefined;
  chosen: string | undefined;
  onChoose: (unit: string | undefined) => void;
}) {
  if (!units?.length) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {units.map((unit) => (
          <UnitNode key={unit.id} unit={unit} depth={0} chosen={chosen} onChoose={onChoose} />
        ))}
      </ul>
    </section>
  );
}

function UnitNode({
  unit,
  depth,
  chosen,
  onChoose,
}: {
  unit: Unit;
  depth: number;
  chosen?: string;
  onChoose: (unit?: string) => void;
}) {
  const [open, setOpen] = useState(depth === 0);
  const { children } = unit;
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen === unit.id}
        aria-expanded={children.length ? open : undefined}
        style={{ paddingLeft: 8 + depth * 14 }}
        onClick={() => {
          if (children.length) setOpen(chosen === unit.id ? !open : true);
          onChoose(chosen === unit.id ? undefined : unit.id);
        }}
      >
        <span>{unit.name}</span>
        <span className="faint tabular">{number(unit.count)}</span>
      </button>
      {open && children.length > 0 && (
        <ul>
          {children.map((child) => (
            <UnitNode key={child.id} unit={child} depth={depth + 1} chosen={chosen} onChoose={onChoose} />
          ))}
        </ul>
      )}
    </li>
  );
}
