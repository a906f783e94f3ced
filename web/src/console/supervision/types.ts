import type { Schema } from '../../api/operation';

export type Entry = Schema<'LedgerEntry'>;
export type Proof = Schema<'InclusionView'>;
