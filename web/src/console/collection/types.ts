import type { Schema } from '../../api/operation';

export type Source = Schema<'CollectionSource'>;
export type Batch = Schema<'CollectionBatch'>;
export type QuarantinedRow = Schema<'QuarantinedRow'>;

export const RUNNING: Batch['state'][] = ['received', 'checking', 'loading'];
