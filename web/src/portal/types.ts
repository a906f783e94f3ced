// Shapes of the portal's API, as the OpenAPI description names them.

import type { OrgRef, Page, Timeline } from '../api/types';

export type DatasetState = 'preparing' | 'open' | 'suspended' | 'treating' | 'withdrawn';
export interface Label {
  code: string;
  title: string;
}
export interface DatasetCard {
  id: string;
  slug: string;
  code: string;
  title: string;
  summary: string;
  opener: OrgRef;
  division: { code: string; name: string };
  subject: Label;
  keywords: Label[];
  frequency: Label;
  attribute: 'unconditional';
  formats: string[];
  rows: number;
  items: number;
  state: DatasetState;
  opened_at: string;
  updated_at: string;
  visits: number;
  downloads: number;
  calls: number;
}
export interface DictionaryItem {
  id: string;
  name: string;
  title: string;
  meaning: string;
  type: string;
  length?: number | null;
  code_set?: string | null;
  data_element?: string | null;
  key: boolean;
  nullable: boolean;
  mask?: string | null;
}
export interface Download {
  format: string;
  href: string;
  media_type: string;
  bytes: number;
  sha256: string;
  rows: number;
  note?: string | null;
  built_at: string;
}
export interface DatasetDetail extends DatasetCard {
  since: string;
  licence: { id: string; title: string; article: string };
  time_span?: string | null;
  grade: string;
  version: number;
  table_version: number;
  built_at: string;
  dictionary: DictionaryItem[];
  key?: string | null;
  downloads_offered: Download[];
  api?: { href: string; ckan_resource_id: string; sample: string } | null;
  quality?: number | null;
  versions: { version: number; table_version: number; rows: number; built_at: string; state: string }[];
  records_removed: number;
  actions: string[];
}
export interface FacetValue {
  value: string;
  title: string;
  count: number;
}
export type FacetName = 'subject' | 'opener' | 'division' | 'format' | 'frequency' | 'keyword';
export interface DatasetList extends Page<DatasetCard> {
  total: number;
  facets: Record<FacetName, FacetValue[]>;
}
export interface PortalHome {
  title: string;
  figures: {
    datasets: number;
    items: number;
    rows: number;
    openers: number;
    downloads: number;
    calls: number;
    changed_this_week: number;
  };
  subjects: FacetValue[];
  newest: DatasetCard[];
  most_used: DatasetCard[];
  cities: { code: string; name: string; datasets: number }[];
}
export type Cell = string | number | boolean | null;
export interface Rows {
  fields: string[];
  items: Record<string, Cell>[];
  next?: string | null;
  total?: number | null;
  table_version: number;
  built_at: string;
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
  state: 'running' | 'ended';
  answer?: string | null;
  created_at: string;
  closed_at?: string | null;
  timeline?: Timeline | null;
}
export interface Withdrawal {
  id: string;
  dataset: DatasetRef;
  dataset_state: DatasetState;
  opener: OrgRef;
  kind: string;
  reason?: string | null;
  evidence?: string | null;
  record_key?: string | null;
  state: 'running' | 'ended';
  outcome?: string | null;
  answer?: string | null;
  created_at: string;
  closed_at?: string | null;
  may_ask_review: boolean;
  timelines?: Timeline[];
}
