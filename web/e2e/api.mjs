// Every call that the web app makes, against the server's OpenAPI description:
// path and method must both be there. Calls are found in the sources.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
const METHODS = {
  useGet: 'get',
  useEndless: 'get',
  get: 'get',
  post: 'post',
  put: 'put',
  patch: 'patch',
  del: 'delete',
};
// A call with its type arguments, or the path of a list.
const CALL = /\b(useGet|useEndless|get|post|put|patch|del)(?:<[^()]*?>)?\(\s*['`](\/[^'`]*)['`]/g;
const LIST = /\bpath="(\/[^"]+)"/g;

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

export function calls() {
  const found = new Map();
  for (const file of files(SOURCE)) {
    const text = readFileSync(file, 'utf8');
    const add = (method, path) => found.set(`${method} ${path}`, { method, path, file: file.slice(SOURCE.length + 1) });
    for (const [, name, path] of text.matchAll(CALL)) add(METHODS[name], path);
    for (const [, path] of text.matchAll(LIST)) add('get', path);
  }
  return [...found.values()];
}

/** Calls that the description does not know. A path that ends in `${…}` is known by any operation below it. */
export function undescribed(description) {
  const described = new Map(
    Object.entries(description.paths).map(([path, operations]) => [path.replace(/^\/api\/v1/, ''), operations]),
  );
  return calls().filter(({ method, path }) => {
    if (!path.includes('${')) return !described.get(path)?.[method];
    const stem = path.slice(0, path.indexOf('${'));
    return ![...described].some(([known, operations]) => known.startsWith(stem) && operations[method]);
  });
}
