import type { OrgRef, Timeline } from '../../api/types';

export interface ItemRef {
  id: string;
  name: string;
  title: string;
  type?: string;
  grade?: string | null;
  mask?: string | null;
}
export interface ResourceRef {
  id: string;
  title: string;
  code?: string;
  provider?: OrgRef | null;
}
export interface ShareRequest {
  id: string;
  resource: ResourceRef;
  applicant: OrgRef;
  provider: OrgRef;
  scenario: string;
  purpose: string;
  mode: string;
  basis?: string | null;
  term_months?: number | null;
  items: ItemRef[];
  application?: { id: string; name: string } | null;
  state: string;
  submitted_at?: string;
  created_at?: string;
  step_title?: string | null;
  clock?: Timeline['steps'][number]['clock'];
  timeline?: Timeline | null;
  procedure_id?: string | null;
  grant_id?: string | null;
}
export interface Grant {
  id: string;
  resource: ResourceRef;
  consumer: OrgRef;
  provider?: OrgRef | null;
  scenario: string;
  purpose?: string;
  mode: string;
  items: ItemRef[];
  state: string;
  expires_at?: string | null;
  rate_per_s?: number | null;
  request_id?: string | null;
  application?: { id: string; name: string } | null;
  service_id?: string | null;
  created_at?: string;
  reason?: string | null;
  actions: string[];
}
export interface Application {
  id: string;
  name: string;
  scenario?: string | null;
  addresses?: string[];
  institution?: OrgRef;
  created_at?: string;
  secret_issued_at?: string | null;
  client_id?: string | null;
}
export interface Service {
  id: string;
  slug: string;
  resource: ResourceRef;
  mode: string;
  items: ItemRef[];
  grant_id: string;
  key_items: ItemRef[];
  url: string;
  sample?: unknown;
}
