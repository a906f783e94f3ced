// Calls that must not compile. `npm run typecheck` fails on a line that does;
// nothing imports this file.

import { get, href, post } from './client';
import { useEndless, useGet } from './query';

export function Wrong() {
  // @ts-expect-error no such path
  get('/resource');
  // @ts-expect-error a path of another method
  post('/resources/{id}', { path: { id: '1' } });
  // @ts-expect-error a path parameter is missing
  useGet('/resources/{id}');
  // @ts-expect-error a path parameter of another name
  get('/resources/{id}', { path: { code: '1' } });
  // @ts-expect-error a query parameter that it does not take
  get('/quality/rules', { query: { resource: '1', limit: 20 } });
  // @ts-expect-error a value that it does not take
  href('/batches/{id}/quarantine/export', { path: { id: '1' }, query: { format: 'pdf' } });
  // @ts-expect-error a member that the body does not have
  post('/session', { body: { login: 'a', password: 'b', remember: true } });
  // @ts-expect-error a body that is missing
  post('/withdrawals/{id}/review', { path: { id: '1' } });
  // @ts-expect-error a form where JSON is wanted
  post('/session', { body: new FormData() });
  // @ts-expect-error JSON where a form is wanted
  post('/sources/{id}/files', { path: { id: '1' }, body: { file: '' } });
  // @ts-expect-error no list
  useEndless('/session');
  // @ts-expect-error a member that the answer does not have
  return useGet('/session').data?.person;
}
