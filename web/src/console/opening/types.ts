import type { Schema } from '../../api/operation';

export type Treatment = Schema<'DatasetTreatment'>;
export type Withdrawal = Schema<'WithdrawalView'>;

/** How much was taken out. What nothing was taken of may be left out of the answer. */
export function treated({ items = [], rows = [] }: Treatment) {
  return { items: items.length, rows: rows.length, any: items.length + rows.length > 0 };
}
