// What the browser tests share: a browser, people who sign in, and a list of
// steps that each pass or fail. SHUQIAO_URL names the running server with the
// demo loaded, CHROMIUM the browser.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const URL_BASE = (process.env.SHUQIAO_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
export const PASSWORD = process.env.SHUQIAO_PASSWORD ?? 'shuqiao-demo-2026';
const WAIT_MS = Number(process.env.SHUQIAO_WAIT_MS ?? 20_000);
/** Long work: a load, a quality run, a publication. */
export const WORK_MS = WAIT_MS * 6;

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'shuqiao-browser-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** A person's own window; `login` none for the public. */
export async function person(browser, login, viewport = { width: 1440, height: 900 }) {
  const context = await browser.newContext({
    viewport,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    baseURL: URL_BASE,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.errors = [];
  page.on('pageerror', (e) => page.errors.push(e.message));
  if (login) {
    await page.goto('/console/sign-in');
    await page.getByLabel('账号').fill(login);
    await page.getByLabel('密码', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('heading', { name: '工作台' }).waitFor();
  }
  return page;
}

/** Chooses in an antd select, by the text of the option or else the first one. */
export async function choose(scope, label, option) {
  const page = typeof scope.page === 'function' ? scope.page() : scope;
  const box = typeof label === 'string' ? scope.getByLabel(label, { exact: true }).first() : label;
  await box.locator('xpath=ancestor::*[contains(concat(" ", @class, " "), " ant-select ")][1]').click();
  if (option && (await box.isEditable())) await box.pressSequentially(option);
  // The list that this box owns: the one of the box before may still be fading out.
  const list = page.locator(`.ant-select-dropdown:has([id="${await box.getAttribute('aria-controls')}"])`);
  await list.locator('.ant-select-item-option', { hasText: option }).first().click();
}

/** Decides a step of a procedure: outcome, reason, submit. */
export async function decide(page, outcome, reason) {
  await page.getByRole('radio', { name: outcome }).check();
  if (reason) await page.locator('.timeline-decision textarea[id^="reason-"]').fill(reason);
  await page.getByRole('button', { name: '提交决定' }).click();
}

/** A citizen or firm signs in at the portal. */
export async function dataUser(browser, login) {
  const page = await person(browser);
  await page.goto('/sign-in');
  await page.getByLabel(/登录名/).fill(login);
  await page.getByLabel(/密码/).first().fill(PASSWORD);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  return page;
}

export class Steps {
  passed = 0;
  failed = 0;
  #shots = process.env.SHUQIAO_SHOTS;

  /** Runs one step; a failed one leaves a picture where SHUQIAO_SHOTS names a folder. */
  async run(name, page, act) {
    const began = Date.now();
    try {
      await act();
      if (page?.errors?.length) throw new Error(`the page threw: ${page.errors.splice(0).join(' | ')}`);
      this.passed += 1;
      console.log(`ok      ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED  ${name}\n        ${String(error.message).split('\n').slice(0, 6).join('\n        ')}`);
      if (page) console.log(`        at ${page.url()}`);
      if (this.#shots && page) {
        mkdirSync(this.#shots, { recursive: true });
        await page.screenshot({ path: join(this.#shots, `failed-${this.failed}.png`), fullPage: true }).catch(() => {});
      }
    }
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}
