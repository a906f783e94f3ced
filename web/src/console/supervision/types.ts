import type { ClockShape, OrgRef } from '../../api/types';

export interface Entry {
  seq: number;
  at: string;
  kind: string;
  kind_title?: string | null;
  subject: string;
  actor?: string | { id: string; name?: string | null } | null;
  institution?: string | { id: string; name?: string | null } | null;
  article?: string | null;
  articles?: string[];
  data: Record<string, string | number>;
  leaf_hash: string;
  /** The bytes that the leaf hash is of, as text. */
  canonical?: string | null;
}
export interface Checkpoint {
  origin: string;
  size: number;
  root: string;
  at: string;
  note?: string | null;
  signatures?: { algorithm: string; name?: string }[];
}
export interface Proof {
  leaf_hash: string;
  proof: { index: number; size: number; hashes: string[] };
  checkpoint: Checkpoint;
}
export interface DeadlineRow {
  id?: string;
  step_id: string;
  procedure_id: string;
  kind: string;
  kind_title: string;
  step_title: string;
  subject: { type: string; id: string; title: string };
  institution?: OrgRef | null;
  opened_at: string;
  closed_at?: string | null;
  clock: ClockShape;
  href?: string | null;
}
