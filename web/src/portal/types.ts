// Shapes of the portal's API, as the description has them.

import type { Schema } from '../api/operation';

export type DatasetCard = Schema<'DatasetCard'>;
export type DatasetDetail = Schema<'DatasetDetail'>;
export type DatasetList = Schema<'DatasetList'>;
export type DatasetRef = Schema<'DatasetRef'>;
export type DictionaryItem = Schema<'DictionaryItem'>;
export type FacetName = keyof Schema<'DatasetFacets'>;
export type FacetValue = Schema<'DatasetFacetValue'>;
export type PortalHome = Schema<'PortalHome'>;

export type Cell = string | number | boolean | null;
export type Rows = Omit<Schema<'RowsView'>, 'items'> & { items: Record<string, Cell>[] };

/** The description says of a row only that it is an object: its columns are the dataset's own. */
export const rowsOf = (view: Schema<'RowsView'>): Rows => ({ ...view, items: view.items as Record<string, Cell>[] });

/** A parameter that may stand more than once: the description knows it as one text. */
export const repeated = (values: string[]): string => values as unknown as string;
