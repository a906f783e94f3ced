import type { ClockShape, OrgRef, Timeline } from '../../api/types';

export interface Treatment {
  items: { item_id: string; mask?: string | null; drop?: boolean }[];
  rows: string[];
}
export interface ManagedDataset {
  id: string;
  slug: string;
  title: string;
  opener: OrgRef;
  state: string;
  since: string;
  updated_at: string;
  rows: number;
  visits: number;
  downloads: number;
  calls: number;
  treatment: Treatment;
  building?: number | null;
  failed?: string | null;
  actions: string[];
}
export interface DatasetRef {
  id: string;
  slug: string;
  title: string;
}
export interface Opinion {
  id: string;
  dataset: DatasetRef;
  opener: OrgRef;
  kind: string;
  text?: string | null;
  state: string;
  answer?: string | null;
  created_at: string;
  closed_at?: string | null;
  clock?: ClockShape | null;
  timeline?: Timeline | null;
}
export interface Withdrawal {
  id: string;
  dataset: DatasetRef;
  dataset_state: string;
  opener: OrgRef;
  kind: string;
  reason?: string | null;
  evidence?: string | null;
  record_key?: string | null;
  state: string;
  outcome?: string | null;
  treatment?: Treatment | null;
  answer?: string | null;
  created_at: string;
  closed_at?: string | null;
  dictionary?: { id: string; name: string; title: string }[];
  timelines?: Timeline[];
}
