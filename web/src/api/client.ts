// The API client: openapi-fetch with the headers that the platform wants, and
// every refusal turned into an `ApiError` that carries the problem document.

import createClient from 'openapi-fetch';
import { currentLang } from '../i18n';
import type { Answer, Args, Method, Path, Schema } from './operation';

export type Problem = Schema<'Problem'>;

export class ApiError extends Error {
  constructor(public readonly problem: Problem) {
    super(problem.title);
  }
  /** Message of the first mistake in this field, by its JSON path. */
  field(path: string): string | undefined {
    return this.problem.errors?.find((e) => e.field === path)?.message;
  }
}

// `operation.ts` types what goes in and what comes out; the client itself only carries it.
const client = createClient<Record<string, Record<Method, object>>>({
  baseUrl: '/api/v1',
  bodySerializer: (body: unknown) => (body instanceof FormData ? body : JSON.stringify(body)),
});

client.use({
  onRequest({ request }) {
    request.headers.set('X-Requested-With', 'shuqiao');
    request.headers.set('Accept-Language', currentLang() === 'en' ? 'en' : 'zh-CN');
    return request;
  },
});

const LOST = {
  zh: { title: '无法连接平台', next: '请检查网络后重试；已填写的内容仍在本页' },
  en: {
    title: 'The platform cannot be reached',
    next: 'Check the network and try again; what you typed is still on this page',
  },
};

/** The platform did not answer, or not in its own words. */
export function lost(status: number): Problem {
  return { type: 'about:blank', ...LOST[currentLang()], status, code: status ? `http_${status}` : 'network' };
}

export const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && 'code' in body && 'title' in body;

/** A call as it goes out, whatever the operation. */
interface Sent {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

async function send(method: Method, path: string, { path: params, query, body, signal }: Sent = {}): Promise<unknown> {
  let result: { data?: unknown; error?: unknown; response: Response };
  try {
    result = await client.request(method, path, {
      params: { path: params, query: stated(query) },
      body,
      signal,
      headers: body instanceof FormData ? { 'Content-Type': null } : undefined,
    } as never);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(lost(0));
  }
  if (!result.response.ok) {
    if (result.response.status === 401) window.dispatchEvent(new Event('shuqiao:signed-out'));
    throw new ApiError(isProblem(result.error) ? result.error : lost(result.response.status));
  }
  return result.data;
}

/** The query without empty values. */
const stated = (query: object = {}) =>
  Object.fromEntries(Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== ''));

// The types of the description, laid over what is sent.
type Caller<M extends Method> = <P extends Path<M>>(path: P, ...call: Args<M, P>) => Promise<Answer<M, P>>;
const calls = <M extends Method>(method: M) => ((path: string, call?: Sent) => send(method, path, call)) as Caller<M>;

export const get = calls('get');
export const post = calls('post');
export const put = calls('put');
export const patch = calls('patch');
export const del = calls('delete');

/** An address below the API, for what cannot be typed: a query out of the address bar, an upload that fetch cannot follow. */
export function addressOf(path: Path<'get'> | Path<'post'>, { path: params = {}, query }: Sent = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]));
  const pairs = Object.entries(stated(query)).map(([name, value]) => [name, String(value)]);
  const tail = new URLSearchParams(pairs).toString();
  return `/api/v1${filled}${tail ? `?${tail}` : ''}`;
}
/** An address for a download or a link. */
export const href = addressOf as <P extends Path<'get'>>(path: P, ...call: Args<'get', P>) => string;
