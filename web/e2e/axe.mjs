// Opens every page of portal and console at 1440 and 390 px as somebody who
// may see it, and fails on any finding of axe-core (WCAG 2.2 AA and best
// practice), on a page that throws, and on a page wider than the screen.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dataUser, launch, person, Steps } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWPORTS = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

const AS = {
  public: ['/', '/datasets', '/developers', '/sign-in', '/register', '/console/sign-in'],
  qiye: ['/me'],
  'dsj-shenhe': [
    '/console/',
    '/console/catalog',
    '/console/catalog?sharing=restricted',
    '/console/sharing/requests',
    '/console/sharing/grants',
    '/console/supervision/deadlines',
    '/console/supervision/ledger',
    '/console/organisations',
  ],
  admin: ['/console/people', '/console/organisations'],
  'rst-bianmu': ['/console/catalog/mine', '/console/catalog/new'],
  'rst-shuju': [
    '/console/collection/sources',
    '/console/collection/batches',
    '/console/quality/rules',
    '/console/quality/work-orders',
  ],
  'rst-shenpi': ['/console/sharing/requests', '/console/sharing/access-log'],
  'scjg-shenpi': ['/console/opening/datasets', '/console/opening/opinions', '/console/opening/withdrawals'],
  'ybj-yongshu': ['/console/sharing/cart', '/console/sharing/applications', '/console/sharing/services'],
};

/** Pages of single things, found in the lists of the one who may see them: list, and the address behind its first row. */
const FIRST_OF = {
  public: [['/api/v1/datasets?limit=1', (d) => `/datasets/${d.slug}`]],
  qiye: [
    ['/api/v1/datasets?limit=1', (d) => `/datasets/${d.slug}/opinion`],
    ['/api/v1/datasets?limit=1', (d) => `/datasets/${d.slug}/withdrawal`],
    ['/api/v1/withdrawals?limit=1', (w) => `/me/withdrawals/${w.id}`],
    ['/api/v1/opinions?limit=1', (o) => `/me/opinions/${o.id}`],
  ],
  'dsj-shenhe': [
    ['/api/v1/resources?limit=1&state=published', (r) => `/console/catalog/${r.id}`],
    ['/api/v1/resources?limit=1&state=published', (r) => `/console/catalog/${r.id}?tab=overview`],
    ['/api/v1/resources?limit=1&state=published', (r) => `/console/catalog/${r.id}/versions`],
    ['/api/v1/resources?limit=1&state=in_review', (r) => `/console/catalog/${r.id}/review`],
    ['/api/v1/share-requests?limit=1&role=authority', (r) => `/console/sharing/requests/${r.id}`],
    ['/api/v1/grants?limit=1', (g) => `/console/sharing/grants/${g.id}`],
    ['/api/v1/ledger?limit=1', (e) => `/console/supervision/ledger/${e.seq}`],
    ['/api/v1/institutions?limit=1', (i) => `/console/organisations/${i.id}`],
  ],
  'rst-shuju': [
    ['/api/v1/sources?limit=1', (s) => `/console/collection/sources/${s.id}`],
    ['/api/v1/batches?limit=1', (b) => `/console/collection/batches/${b.id}`],
    ['/api/v1/work-orders?limit=1', (w) => `/console/quality/work-orders/${w.id}`],
    ['/api/v1/resources?limit=1&state=published&collection=collected', (r) => `/console/catalog/${r.id}?tab=data`],
  ],
  'scjg-shenpi': [['/api/v1/withdrawals?limit=1', (w) => `/console/opening/withdrawals/${w.id}`]],
  'ybj-yongshu': [
    ['/api/v1/applications?limit=1', (a) => `/console/sharing/applications/${a.id}`],
    ['/api/v1/services?limit=1', (s) => `/console/sharing/services/${s.id}`],
    ['/api/v1/share-requests?limit=1&role=applicant', (r) => `/console/sharing/requests/${r.id}`],
  ],
};

async function check(page, address) {
  await page.goto(address);
  await page.waitForLoadState('networkidle');
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  await page.evaluate(axe);
  const findings = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map(
      (v) =>
        `${v.id} (${v.impact}): ${v.nodes
          .slice(0, 3)
          .map((n) => `${n.target.join(' ')} ${n.html.slice(0, 140)}`)
          .join(' | ')}`,
    );
  });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 1) findings.push(`the page is ${over} px wider than the screen`);
  if (findings.length) throw new Error(findings.join('\n'));
}

const steps = new Steps();
const { browser, close } = await launch();
try {
  for (const [login, addresses] of Object.entries(AS)) {
    let page;
    await steps.run(`${login} signs in`, null, async () => {
      page =
        login === 'qiye'
          ? await dataUser(browser, login)
          : await person(browser, login === 'public' ? undefined : login);
    });
    if (!page) continue;
    const found = [];
    for (const [list, address] of FIRST_OF[login] ?? []) {
      const answer = await page.request.get(list);
      const first = answer.ok() ? (await answer.json()).items?.[0] : undefined;
      if (first) found.push(address(first));
    }
    for (const viewport of VIEWPORTS) {
      await page.setViewportSize(viewport);
      for (const address of [...addresses, ...found]) {
        await steps.run(`${viewport.width} px ${login} ${address}`, page, () => check(page, address));
      }
    }
    await page.context().close();
  }
} finally {
  await close();
}
steps.end();
