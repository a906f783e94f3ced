import type { Schema } from '../../api/operation';

export type Rule = Schema<'QualityRule'>;
export type Run = Schema<'QualityRun'>;
export type WorkOrder = Schema<'WorkOrder'>;

export const RUNNING = ['queued', 'running'];
export const score = (s: number | null | undefined): string => (s == null ? '—' : s.toFixed(1));
