import type { Schema } from '../../api/operation';

export type ItemRef = Schema<'RequestedItem'>;
export type ShareRequest = Schema<'ShareRequest'>;
export type Grant = Schema<'Grant'>;
export type Service = Schema<'SharingService'>;
export type Cart = Schema<'Cart'>;
export type Mode = Schema<'Mode'>;
