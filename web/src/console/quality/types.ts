import type { ClockShape, OrgRef, Timeline } from '../../api/types';

export interface RuleKind {
  category: string;
  kind: string;
  title: string;
  needs_item?: boolean;
  params: { name: string; title: string; type: string }[];
}
export interface Rule {
  id: string;
  resource_id: string;
  title: string;
  category: string;
  kind: string;
  item?: { id: string; name: string; title: string } | null;
  params: Record<string, unknown>;
  max_failed_ratio?: number | null;
  enabled: boolean;
}
export interface RuleResult {
  rule: { id: string; title: string; category: string; kind: string };
  checked: number;
  failed: number;
  ratio: number;
  passed?: boolean;
  work_order_id?: string | null;
}
export interface Run {
  id: string;
  resource: { id: string; title: string };
  table_version: number;
  state: string;
  rows: number;
  duration_ms?: number | null;
  started_at?: string | null;
  score?: number | null;
  results: RuleResult[];
  progress?: { fraction?: number | null } | null;
}
export interface Failure {
  key: Record<string, string | null>;
  rule?: { id: string; title: string };
  item?: string | null;
  value?: string | null;
}
export interface WorkOrder {
  id: string;
  title: string;
  resource: { id: string; title: string };
  provider: OrgRef;
  rule?: { id: string; title: string } | null;
  run_id?: string | null;
  state: string;
  opened_at: string;
  closed_at?: string | null;
  clock?: ClockShape | null;
  description?: string | null;
  explanation?: string | null;
  timeline?: Timeline | null;
  procedure_id?: string | null;
  actions: string[];
}

export const RUNNING = ['queued', 'running'];
/** Scores come as 0 to 1 or 0 to 100; people read the latter. */
export const score = (s: number | null | undefined): string => (s == null ? '—' : (s <= 1 ? s * 100 : s).toFixed(1));
