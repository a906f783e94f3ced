// Checks of the parts that need no browser: proofs, pasted tables, exports,
// numbers and days. The sources are built as the application is, then called.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const source = fileURLToPath(new URL('../src', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'shuqiao-unit-'));
const entry = join(folder, 'entry.ts');
writeFileSync(
  entry,
  [
    'console/supervision/merkle',
    'console/catalog/document',
    'console/catalog/sample',
    'ui/console/csv',
    'ui/columnStats',
    'format',
  ]
    .map((path) => `export * from ${JSON.stringify(join(source, path))};`)
    .join('\n'),
);
await build({
  configFile: false,
  logLevel: 'error',
  build: { outDir: folder, emptyOutDir: false, lib: { entry, formats: ['es'], fileName: 'unit' }, minify: false },
});
const unit = await import(pathToFileURL(join(folder, 'unit.js')).href);
rmSync(folder, { recursive: true, force: true });

const hash = (prefix, ...parts) =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.from([prefix]), ...parts]))
    .digest();
const text = (i) => `{"seq":${i}}`;
/** RFC 6962: the root of leaves `from..to`, and the path of one of them. */
const root = (from, to) => {
  if (to - from === 1) return hash(0, Buffer.from(text(from)));
  const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
  return hash(1, root(from, middle), root(middle, to));
};
const path = (index, from, to) => {
  if (to - from === 1) return [];
  const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
  return index < middle
    ? [...path(index, from, middle), root(middle, to)]
    : [...path(index, middle, to), root(from, middle)];
};

test('sec_2 every leaf of every small tree is proven, and no other', async () => {
  for (let size = 1; size <= 17; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const hashes = path(index, 0, size).map((h) => h.toString('hex'));
      const leaf = await unit.leafHash(text(index));
      const expected = root(0, size).toString('hex');
      assert.equal((await unit.verifyInclusion(leaf, index, size, hashes, expected)).ok, true, `${index} of ${size}`);
      const other = await unit.leafHash(text(index + 1));
      assert.equal((await unit.verifyInclusion(other, index, size, hashes, expected)).ok, false);
      if (hashes.length)
        assert.equal((await unit.verifyInclusion(leaf, index, size, hashes.slice(1), expected)).ok, false);
    }
  }
});

test('cat_2 rows pasted from a spreadsheet become items', () => {
  const items = unit.itemsFromText(
    '中文名\t英文名\t含义\t类型\n证件号码\tcert_no\t身份号码\t字符型\t18\t是\t否\tL3\r\n金额\tamount\t\t数值型\t12\t\t\t2\n',
  );
  assert.equal(items.length, 2);
  assert.deepEqual(
    [items[0].name, items[0].type, items[0].length, items[0].key, items[0].nullable, items[0].grade],
    ['cert_no', 'string', 18, true, false, 'L3'],
  );
  assert.deepEqual([items[1].type, items[1].nullable, items[1].grade], ['decimal', true, 'L2']);
});

test('a sample in GB18030 gives its columns', async () => {
  // 姓名,住址 / 张三,杭州 in GB18030
  const bytes = Buffer.from('d0d5c3fb2cd7a1d6b70ad5c5c8fd2cbabcd6dd0a', 'hex');
  assert.deepEqual(await unit.columnsOf(new File([bytes], 'a.csv')), [
    { name: '姓名', samples: ['张三'] },
    { name: '住址', samples: ['杭州'] },
  ]);
});

test('a column is summed up with its empty cells', () => {
  const s = unit.columnStats(['10', '9', null, '9', ''], true);
  assert.deepEqual(
    [s.rows, s.empty, s.distinct, s.least, s.greatest, s.commonest[0]],
    [5, 2, 2, '9', '10', { value: '9', count: 2 }],
  );
});

test('an exported cell is never a formula', () => {
  assert.equal(unit.csv(['a'], [['=1+1'], ['x"y']]), '\uFEFFa\r\n\'=1+1\r\n"x""y"\r\n');
});

test('moments and amounts are written as people here write them', () => {
  assert.equal(unit.moment('2026-11-20T06:05:00Z'), '2026年11月20日 14:05');
  assert.equal(unit.day('2026-11-05'), '2026年11月5日');
  assert.equal(unit.amount(1943000), '194.3 万');
  assert.equal(unit.amount(23390000000), '233.9 亿');
  assert.equal(unit.amount(9999), '9,999');
});
