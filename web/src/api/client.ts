// The API client: openapi-fetch with the headers that the platform wants, and
// every refusal turned into an `ApiError` that carries the problem document.

import createClient from 'openapi-fetch';
import { currentLang } from '../i18n';
import type { Problem } from './types';

export class ApiError extends Error {
  constructor(public readonly problem: Problem) {
    super(problem.title);
  }
  /** Message of the first mistake in this field, by its JSON path. */
  field(path: string): string | undefined {
    return this.problem.errors?.find((e) => e.field === path)?.message;
  }
}

export type Query = Record<string, string | number | boolean | undefined | null>;
export interface Call {
  path?: Record<string, string | number>;
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

const client = createClient<any>({
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

function problemOf(status: number, body: unknown): Problem {
  if (body && typeof body === 'object' && 'code' in body && 'title' in body) return body as Problem;
  return { ...LOST[currentLang()], status, code: status ? `http_${status}` : 'network' };
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function call<T>(
  method: Method,
  path: string,
  { path: params, query, body, signal }: Call = {},
): Promise<T> {
  const clean = Object.fromEntries(
    Object.entries(query ?? {}).filter(([, v]) => v !== undefined && v !== null && v !== ''),
  );
  let result: { data?: unknown; error?: unknown; response: Response };
  try {
    result = await client.request(
      method.toLowerCase() as 'get',
      path as never,
      {
        params: { path: params, query: clean },
        body,
        signal,
        headers: body instanceof FormData ? { 'Content-Type': null } : undefined,
      } as never,
    );
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(problemOf(0, null));
  }
  if (!result.response.ok) {
    if (result.response.status === 401) window.dispatchEvent(new Event('shuqiao:signed-out'));
    throw new ApiError(problemOf(result.response.status, result.error));
  }
  return result.data as T;
}

export const get = <T>(path: string, options?: Call) => call<T>('GET', path, options);
export const post = <T>(path: string, options?: Call) => call<T>('POST', path, options);
export const put = <T>(path: string, options?: Call) => call<T>('PUT', path, options);
export const patch = <T>(path: string, options?: Call) => call<T>('PATCH', path, options);
export const del = <T>(path: string, options?: Call) => call<T>('DELETE', path, options);

/** An address for a download or a link: the query without empty values. */
export function href(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const tail = search.toString();
  return `/api/v1${path}${tail ? `?${tail}` : ''}`;
}
