import type { OrgRef, Timeline } from '../../api/types';

export interface Category {
  name: string;
  title: string;
  title_en: string;
}
export interface Param {
  name: string;
  type: 'integer' | 'number' | 'pattern' | 'code_set' | 'item' | 'texts';
  title: string;
  title_en: string;
  optional: boolean;
}
export interface RuleKind {
  name: string;
  category: string;
  title: string;
  title_en: string;
  description: string;
  description_en: string;
  items: string;
  params: Param[];
}
export interface Library {
  categories: Category[];
  kinds: RuleKind[];
}
export interface Rule {
  id: string;
  resource_id: string;
  title: string;
  category: string;
  kind: string;
  /** Column names. */
  items: string[];
  params: Record<string, unknown>;
  tolerance: number;
  enabled: boolean;
  revision: number;
}
export interface RuleResult {
  rule_id: string;
  rule: string;
  kind: string;
  kind_title: string;
  category: string;
  checked: number;
  failed: number;
  ratio: number;
  found?: string | null;
  work_order_id?: string | null;
}
export interface Run {
  id: string;
  resource_id: string;
  resource_title: string;
  scope: string;
  state: string;
  table_version?: number | null;
  rows?: number | null;
  /** 0 to 100. */
  score?: number | null;
  error?: string | null;
  created_at: string;
  started_at?: string | null;
  duration_ms?: number | null;
  results?: RuleResult[];
}
export interface Failure {
  rule_id: string;
  rule: string;
  batch_id: string;
  row_number: number;
  key: Record<string, string>;
  value?: string | null;
}
export interface WorkOrder {
  id: string;
  title: string;
  resource: { id: string; name: string };
  provider: OrgRef;
  origin: string;
  rule_id?: string | null;
  run_id?: string | null;
  failed?: number | null;
  text?: string | null;
  reporter?: { id: string; name: string } | null;
  state: string;
  procedure_id: string;
  created_at: string;
  closed_at?: string | null;
  age_days: number;
  actions: string[];
  timeline?: Timeline | null;
}
export interface Overview {
  resources: number;
  score?: number | null;
  problem_rate?: number | null;
  categories: { category: string; title: string; checked: number; failed: number }[];
  ageing: { days_max?: number | null; count: number }[];
  orders_open: number;
  orders_closed: number;
  orders_mean_days?: number | null;
}

export const RUNNING = ['queued', 'running'];
export const score = (s: number | null | undefined): string => (s == null ? '—' : s.toFixed(1));
