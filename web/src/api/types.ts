// Shapes of the API that several capabilities use, by the names they have here.
// They are those of the description (`schema.d.ts`); none is written by hand.

import type { Schema } from './operation';

export type { Problem } from './client';
export type FieldError = Schema<'FieldError'>;
export type Actor = Schema<'ActorView'>;
export type Session = Schema<'Me'>;
export type Role = Schema<'Role'>;
export type ClockShape = Schema<'Clock'>;
export type AllowedOutcome = Schema<'AllowedOutcome'>;
export type Step = Schema<'TimelineStep'>;
export type Timeline = Schema<'Timeline'>;
export type Item = Schema<'CatalogItem'>;
export type Resource = Schema<'Resource'>;
