// Shapes of the API, as the OpenAPI description names them. Until a shape is
// generated it is typed here from the API contract.

export interface Page<T> {
  items: T[];
  next?: string | null;
  total?: number | null;
}
export interface FieldError {
  field: string;
  code: string;
  message: string;
}
export interface Problem {
  type?: string;
  title: string;
  status: number;
  code: string;
  next: string;
  article?: string | null;
  errors?: FieldError[];
  trace?: string | null;
}
export interface Article {
  instrument?: string;
  title?: string;
  article?: string;
  citation: string;
}
export interface OrgRef {
  id: string;
  name: string;
  short_name?: string | null;
}
export interface PersonRef {
  id: string;
  name: string;
}
export type ClockState = 'running' | 'warning' | 'overdue' | 'kept' | 'missed';
export interface ClockShape {
  due: string;
  due_date?: string;
  working_days: number;
  counted_days?: { date: string; counts: boolean; why: string }[];
  remaining_working_days: number;
  state: ClockState;
  late_working_days?: number | null;
  provisional?: boolean;
  article?: Article | null;
}
export interface AllowedOutcome {
  name: string;
  title: string;
  reason_required: boolean;
  effect?: string | null;
  articles?: Article[];
}
export interface Step {
  id: string;
  name: string;
  title: string;
  by: { role: string; institution?: OrgRef | null };
  opened_at: string;
  closed_at?: string | null;
  clock?: ClockShape | null;
  outcome?: string | null;
  outcome_title?: string | null;
  actor?: PersonRef | null;
  reason?: string | null;
  articles?: Article[];
  allowed_outcomes?: AllowedOutcome[];
}
export interface Timeline {
  id: string;
  kind: string;
  kind_title: string;
  rule_set: string;
  rule_set_version?: string | number | null;
  subject: { type: string; id: string; title: string };
  state: 'running' | 'ended';
  outcome?: string | null;
  outcome_title?: string | null;
  started_at: string;
  ended_at?: string | null;
  steps: Step[];
}

// identity
export interface Actor {
  kind: 'anonymous' | 'person' | 'data_user';
  id?: string | null;
  name?: string | null;
  institution?: { id: string; name: string; kind: string; division?: string | null } | null;
  roles: string[];
  actions: string[];
}
export interface Node {
  name: string;
  level: string;
  division: string;
  division_name: string;
  rule_set: string;
  rule_set_title: string;
}
export interface Session {
  actor: Actor;
  node: Node;
}
export interface Institution {
  id: string;
  name: string;
  short_name?: string | null;
  kind: string;
  division_code: string;
  parent_id?: string | null;
  uscc?: string | null;
  responsible?: { first?: string | null; leader?: string | null; managers?: string[] } | null;
}
export interface Person {
  id: string;
  name: string;
  login: string;
  institution?: OrgRef | null;
  roles: string[];
  active: boolean;
}

// workbench
export interface Task {
  step_id: string;
  procedure_id: string;
  kind: string;
  kind_title: string;
  step_title: string;
  subject: { type: string; id: string; title: string };
  href: string;
  opened_at: string;
  clock?: ClockShape | null;
}

// catalog
export type Grade = 'L1' | 'L2' | 'L3' | 'L4';
export interface Item {
  id?: string;
  name: string;
  title: string;
  meaning?: string | null;
  type?: string;
  length?: number | null;
  scale?: number | null;
  format?: string | null;
  code_set?: string | null;
  data_element?: string | null;
  identifier?: string | null;
  key: boolean;
  nullable: boolean;
  grade?: Grade | null;
  sharing?: string | null;
  opening?: string | null;
}
export interface SharingTerms {
  attribute?: 'unconditional' | 'restricted' | 'not_shared' | null;
  condition?: string | null;
  reason?: string | null;
  grounds?: string[] | null;
  basis?: string | null;
  modes: string[];
}
export interface OpeningTerms {
  attribute?: 'unconditional' | 'restricted' | 'prohibited' | null;
  condition?: string | null;
  grounds?: string[] | null;
  reason?: string | null;
  basis?: string | null;
  treatment?: string | null;
}
export interface Resource {
  id: string;
  code: string;
  title: string;
  summary: string;
  provider: OrgRef;
  responsible: OrgRef;
  division: { code: string; name: string };
  subject: string;
  format: string;
  data_type: string;
  libraries: string[];
  items: Item[];
  sharing: SharingTerms;
  opening: OpeningTerms;
  update_frequency: string;
  time_span?: string | null;
  volume?: number | null;
  grade: Grade;
  collection_state: string;
  channels: string[];
  related: string[];
  state: 'draft' | 'in_review' | 'returned' | 'published' | 'revising' | 'withdrawn';
  version: number;
  revision: number;
  created_at: string;
  updated_at: string;
  published_at?: string | null;
  last_update?: string | null;
  visits?: number | null;
  requests?: number | null;
  procedure_id?: string | null;
  actions: string[];
}
