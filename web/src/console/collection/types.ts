import type { Problem } from '../../api/types';

export interface Source {
  id: string;
  resource_id: string;
  resource_title: string;
  provider_id: string;
  title: string;
  kind: 'upload' | 'sqlite' | 'postgres';
  config: { file?: string; url?: string; table?: string; cursor_column?: string };
  legal_basis: string;
  purpose: string;
  scope: string;
  consent?: string | null;
  about: string;
  load_mode: 'append' | 'upsert' | 'snapshot';
  schedule?: string | null;
  state: string;
  revision: number;
  last_batch?: Batch | null;
}
export interface Batch {
  id: string;
  source_id: string;
  source_title: string;
  resource_id: string;
  resource_title: string;
  kind: string;
  state: string;
  load_mode: string;
  file_name?: string | null;
  format?: string | null;
  encoding?: string | null;
  bytes: number;
  digest?: string | null;
  same_as?: string | null;
  replay_of?: string | null;
  rows_read: number;
  rows_good: number;
  rows_quarantined: number;
  rows_written: number;
  normalised: number;
  table_version?: number | null;
  unknown_columns: string[];
  progress: { fraction?: number | null; rows_per_s: number; eta_s?: number | null };
  error?: Problem | null;
  received_at: string;
  finished_at?: string | null;
  actions: string[];
}
export interface Reason {
  /** Column name; empty where the row as a whole is meant. */
  item: string;
  code: string;
  message: string;
  value_hint?: string | null;
}
export interface QuarantinedRow {
  id: string;
  row_number: number;
  values: Record<string, string | null>;
  reasons: Reason[];
  state: 'open' | 'corrected' | 'replayed' | 'discarded';
  revision: number;
}
export interface QuarantineSummary {
  total: number;
  open: number;
  corrected: number;
  replayed: number;
  discarded: number;
  reasons: { code: string; item: string; message: string; rows: number }[];
}
export const RUNNING = ['received', 'checking', 'loading'];

/** What an imported file of corrections came to, in rows. */
export interface Corrections {
  corrected: number;
  still_bad: number;
  unchanged: number;
  unknown: number;
}
