// The six pictures of the documentation, from a server with the demo loaded:
// 1440 × 900, into docs/images. Makes one sharing request of its own, so that
// a clock is running. `npm run shots -- catalog quality` takes only those.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, launch, person, Steps } from './lib.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/images', import.meta.url));
const INSURANCE = '社会保险个人参保信息';
const EQUIPMENT = '特种设备使用登记证';

const wanted = process.argv.slice(2);
const steps = new Steps();
const { browser, close } = await launch();
mkdirSync(FOLDER, { recursive: true });

const signedIn = {};
const as = async (login) => {
  signedIn[login] ??= await person(browser, login);
  return signedIn[login];
};

/** One call as the person whose page it is. */
async function call(page, method, path, data) {
  const answer = await page.request[method](`/api/v1${path}`, { data, headers: { 'X-Requested-With': 'shuqiao' } });
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

const take = (name, act) =>
  wanted.length === 0 || wanted.includes(name) ? steps.run(name, null, act) : undefined;

async function picture(name, page, address, ready) {
  await page.goto(address);
  await ready(page);
  await page.waitForLoadState('networkidle');
  // What a pointer left behind has no place in a picture.
  await page.mouse.move(0, 899);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
}

/** A request that the provider refused and the authority has yet to decide. */
async function disputedRequest() {
  const applicant = await as('ybj-yongshu');
  const authority = await as('dsj-shenhe');
  const provider = await as('rst-shenpi');
  const running = await call(authority, 'get', '/share-requests?role=authority&state=running&limit=50');
  for (const { id } of running.items) {
    const { timeline } = await call(authority, 'get', `/share-requests/${id}`);
    if (timeline.steps.filter((s) => s.closed_at).length === 2) return id;
  }
  const found = await call(applicant, 'get', `/resources?q=${encodeURIComponent(INSURANCE)}&limit=1`);
  const resource = await call(applicant, 'get', `/resources/${found.items[0].id}`);
  const items = ['name', 'cert_no', 'insurance_type', 'participation_state'];
  const made = await call(applicant, 'post', '/share-requests', {
    scenario: '医疗救助对象参保核查',
    purpose: '核查医疗救助申请人的参保状态，确定救助方式，避免重复参保和漏保。',
    mode: 'query',
    term_months: 12,
    lines: [
      {
        resource_id: resource.id,
        item_ids: resource.items.filter((i) => items.includes(i.name)).map((i) => i.id),
      },
    ],
  });
  const { id } = made.items[0];
  const decide = async (page, effect, reason) => {
    const { timeline } = await call(page, 'get', `/share-requests/${id}`);
    const step = timeline.steps.find((s) => !s.closed_at);
    const outcome = step.allowed_outcomes.find((o) => effect.test(o.title));
    await call(page, 'post', `/share-requests/${id}/decide`, { step_id: step.id, outcome: outcome.name, reason });
  };
  await decide(authority, /征求/);
  await decide(provider, /不同意/, '申请的数据项多于救助核查所需，建议改为核验方式。');
  return id;
}

try {
  const guest = await person(browser);
  await take('portal-home', () =>
    picture('portal-home', guest, '/', (page) => page.getByRole('link', { name: EQUIPMENT }).first().waitFor()),
  );
  await take('dataset', async () => {
    const found = await call(guest, 'get', `/datasets?q=${encodeURIComponent(EQUIPMENT)}&limit=1`);
    await picture('dataset', guest, `/datasets/${found.items[0].slug}`, (page) =>
      page.locator('tbody tr').nth(5).waitFor(),
    );
  });
  await take('catalog', async () =>
    picture('catalog', await as('dsj-shenhe'), `/console/catalog?q=${encodeURIComponent('浙江省')}`, (page) =>
      page.locator('tbody mark').first().waitFor(),
    ),
  );
  await take('sharing-timeline', async () =>
    picture(
      'sharing-timeline',
      await as('dsj-shenhe'),
      `/console/sharing/requests/${await disputedRequest()}`,
      async (page) => {
        await page.locator('.timeline-decision').waitFor();
      },
    ),
  );
  await take('quality', async () =>
    picture('quality', await as('dsj-shenhe'), '/console/quality/work-orders', async (page) => {
      await page.locator('svg text').first().waitFor();
      await page.locator('tbody tr').first().waitFor();
    }),
  );
  await take('ledger-proof', async () => {
    const page = await as('dsj-shenji');
    const entries = await call(page, 'get', '/ledger?kind=catalog.published&limit=1');
    await picture('ledger-proof', page, `/console/supervision/ledger/${entries.items[0].seq}`, () =>
      page.locator('[data-proof="ok"]').waitFor(),
    );
  });
} finally {
  await close();
}
steps.end();
