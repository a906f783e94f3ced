// What the OpenAPI description says of each operation, as types: its paths, its
// parameters, its body, its answer. `schema.d.ts` is generated from it.

import type { components, paths } from './schema';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The paths below `/api/v1`; what is outside of it is for machines, not for this client. */
type Api = { [P in keyof paths as P extends `/api/v1${infer Short}` ? Short : never]: paths[P] };
export type Path<M extends Method> = { [P in keyof Api]: Api[P] extends Record<M, object> ? P : never }[keyof Api];
type Operation<M extends Method, P extends Path<M>> = P extends keyof Api
  ? M extends keyof Api[P]
    ? Api[P][M]
    : never
  : never;

/** `{ [part]: … }` as the description has it: required, optional, or not there at all. */
type Part<O, Name extends string> = O extends Record<Name, infer V>
  ? Record<Name, V>
  : O extends Partial<Record<Name, infer V>>
    ? [Exclude<V, undefined>] extends [never]
      ? Partial<Record<Name, undefined>>
      : Partial<Record<Name, V>>
    : never;
type Given<O> = O extends { parameters: infer P } ? P : never;

type Content<C> = C extends { 'application/json': infer Json }
  ? Json
  : C extends { 'multipart/form-data': unknown }
    ? FormData
    : never;
type Body<O> = O extends { requestBody: { content: infer C } }
  ? { body: Content<C> }
  : Part<O, 'requestBody'> extends { requestBody?: { content: infer C } }
    ? { body?: unknown extends C ? undefined : Content<C> }
    : never;

/** What a caller says: path parameters, query, body. */
export type Call<M extends Method, P extends Path<M>> = Part<Given<Operation<M, P>>, 'path'> &
  Part<Given<Operation<M, P>>, 'query'> &
  Body<Operation<M, P>> & { signal?: AbortSignal };
/** The call as arguments, which may be left out where nothing is required. */
export type Args<M extends Method, P extends Path<M>, More extends unknown[] = []> = Record<string, never> extends Call<M, P>
  ? [call?: Call<M, P>, ...more: More]
  : [call: Call<M, P>, ...more: More];
export type Query<P extends Path<'get'>> = NonNullable<Call<'get', P>['query']>;

type Success = 200 | 201 | 202 | 204;
type Answered<R> = R extends { content: infer C }
  ? C extends { 'application/json': infer Json }
    ? Json
    : never
  : undefined;
export type Answer<M extends Method, P extends Path<M>> = Operation<M, P> extends { responses: infer R }
  ? { [Status in keyof R & Success]: Answered<R[Status]> }[keyof R & Success]
  : never;

/** Lists read page by page, and what stands in them. */
export type ListPath = {
  [P in Path<'get'>]: Answer<'get', P> extends { items: unknown[]; next?: string | null } ? P : never;
}[Path<'get'>];
export type Row<P extends ListPath> = Answer<'get', P> extends { items: (infer T)[] } ? T : never;
/** Those of them that hang below no other thing: their path says all. */
export type WholeList = { [P in ListPath]: Record<string, never> extends Call<'get', P> ? P : never }[ListPath];
/** What every list answers with, whatever stands in it. */
export interface Page<T> {
  items: T[];
  next?: string | null;
  total?: number | null;
}
