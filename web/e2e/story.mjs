// The story of the README's tour, walked in the browser as each of its people
// on a server with the demo loaded. It works on an entry of its own, so that
// it can be walked again and again.

import { choose, dataUser, decide, expect, launch, PASSWORD, person, Steps, WORK_MS } from './lib.mjs';

const steps = new Steps();
const { browser, close } = await launch();
const RUN = Date.now().toString(36).slice(-5);
const TITLE = `走查参保信息${RUN}`;
const people = {};
/** A person signs in once and keeps the window; who cannot is not tried again. */
const as = (login) => {
  people[login] ??= person(browser, login);
  return people[login];
};
const found = {};
/** What an earlier step has to have left. */
const need = (name) => {
  expect(found[name], `the step before left no ${name}`);
  return found[name];
};

// Three columns of a spreadsheet, pasted; the identity numbers below pass their check digit, but for the third.
const ITEMS = [
  '证件号码\tcert_no\t公民身份号码\t字符\t18\t是\t否\tL3',
  '姓名\tname\t参保人姓名\t字符\t50\t否\t否\tL3',
  '参保状态\tinsured_state\t1 参保 2 停保\t字符\t2\t否\t是\tL2',
].join('\n');
const GOOD = '11010519491231002X';
const FIXED = '330106199003071236';
const HEAD = '证件号码,姓名,参保状态\n';
const FILE = `${HEAD}${GOOD},李明,1\n330106198505120013,王芳,1\n330106199003071234,张强,2\n`;
const CORRECTED = `${HEAD}${FIXED},张强,1\n`;

const upload = (page, name, text) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const openSource = async (page) => {
  await page.goto('/console/collection/sources');
  await page.getByText(`走查文件${RUN}`).first().click();
  await page.getByRole('heading', { level: 1, name: `走查文件${RUN}` }).waitFor();
};

async function step(name, login, act) {
  let page;
  try {
    page = await as(login);
  } catch (error) {
    await steps.run(name, null, () => Promise.reject(error));
    return;
  }
  await steps.run(`${login}: ${name}`, page, () => act(page));
}

const openMine = async (page) => {
  await page.goto('/console/catalog/mine');
  await page.getByRole('link', { name: TITLE }).first().click();
  await page.getByRole('heading', { level: 1, name: TITLE }).waitFor();
};

try {
  // 1 organisations
  await steps.run('public: a wrong check digit is refused at registration', null, async () => {
    const page = await person(browser);
    await page.goto('/register');
    await page.getByLabel(/姓名/).fill('李明');
    await page.getByLabel(/证件号码/).fill('110105194912310021');
    await page.getByLabel(/登录名/).fill(`zoucha${RUN}`);
    await page.getByLabel(/密码/).fill(PASSWORD);
    await page.getByRole('button', { name: '注册' }).click();
    await page.getByText(/校验/).first().waitFor();
    await page.context().close();
  });
  await step('the institutions of four kinds are registered', 'admin', async (page) => {
    await page.goto('/console/organisations');
    for (const name of ['浙江省人力资源和社会保障厅', '国网浙江省电力有限公司']) {
      await page.getByPlaceholder('名称').fill(name);
      await page.getByPlaceholder('名称').press('Enter');
      await page.getByText(name).first().waitFor();
    }
  });
  await steps.run('a wrong password is refused with what to do next', null, async () => {
    const page = await person(browser);
    await page.goto('/console/sign-in');
    await page.getByLabel('账号').fill('nobody-here');
    await page.getByLabel('密码', { exact: true }).fill(`${PASSWORD}x`);
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByRole('alert').waitFor();
    await page.context().close();
  });

  // 2 catalog
  await step('compiles an entry, items pasted from a spreadsheet', 'rst-bianmu', async (page) => {
    await page.goto('/console/catalog/new');
    await page.getByLabel('资源名称').fill(TITLE);
    await page.getByLabel('摘要').fill('浏览器走查用的参保信息，由社会保险业务系统生成。');
    await choose(page, page.locator('[id="f-subject"]'), '社保就业');
    await choose(page, page.locator('[id="f-update_frequency"]'), '每日');
    await choose(page, page.locator('[id="f-grade"]'), 'L3');
    await choose(page, page.locator('[id="f-sharing.attribute"]'), '受限共享');
    await page.locator('[id="f-sharing.condition"]').fill('仅用于履行法定职责的资格核验');
    await page.locator('[id="f-sharing.reason"]').fill('含个人敏感信息');
    await choose(page, page.locator('[id="f-opening.attribute"]'), '受限开放');
    await page.locator('[id="f-opening.condition"]').fill('签订开放利用协议');
    await choose(page, page.locator('[id="f-opening.grounds"]'));
    await page.keyboard.press('Escape');
    await page.locator('[id="f-opening.treatment"]').fill('姓名和证件号码以假名替换');
    await page.getByRole('button', { name: '增加数据项' }).click();
    await page.evaluate((text) => {
      const target = document.querySelector('.items-editor input');
      const data = new DataTransfer();
      data.setData('text/plain', text);
      target.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }, ITEMS);
    await choose(page, page.getByLabel('标识 1', { exact: true }), '公民身份号码');
    await page.getByText(/^已保存/).waitFor();
  });
  await step('submits it for review', 'rst-bianmu', async (page) => {
    await page.getByRole('button', { name: '提交审核' }).click();
    await page.getByText('审核中').first().waitFor();
    found.resource = page.url().split('/').at(-1).split('?')[0];
  });
  await step('sends it back with a reason', 'dsj-shenhe', async (page) => {
    await page.goto(`/console/catalog/${need('resource')}/review`);
    await decide(page, /退回/, '请补充摘要中的数据来源系统。');
    await page.getByText('已退回').first().waitFor();
  });
  await step('corrects and submits again', 'rst-bianmu', async (page) => {
    await openMine(page);
    await page.getByRole('button', { name: '编辑' }).click();
    await page.getByLabel('摘要').fill('浏览器走查用的参保信息，来源：全省社会保险集中业务系统，每日更新。');
    await page.getByText(/^已保存/).waitFor();
    await page.getByRole('button', { name: '提交审核' }).click();
    await page.getByText('审核中').first().waitFor();
  });
  await step('sees what changed and publishes', 'dsj-shenhe', async (page) => {
    await page.goto(`/console/catalog/${need('resource')}/review`);
    await page.getByText('条目变化').waitFor();
    await decide(page, /审核通过/);
    await page.getByText('已发布').first().waitFor();
  });
  await step('compares two versions', 'dsj-shenhe', async (page) => {
    await page.goto(`/console/catalog/${need('resource')}/versions`);
    await page.getByText('条目变化').waitFor();
  });

  // 3 collection
  await step('creates a source and uploads a file with a bad row', 'rst-shuju', async (page) => {
    await page.goto('/console/collection/sources');
    await page.getByRole('button', { name: '新建来源' }).first().click();
    const dialog = page.getByRole('dialog');
    await choose(dialog, dialog.locator('#resource_id'), TITLE);
    await dialog.getByLabel('来源名称').fill(`走查文件${RUN}`);
    await dialog.getByLabel('法律依据').fill('《中华人民共和国社会保险法》第七十四条');
    await dialog.locator('#purpose').fill('参保资格核验');
    await dialog.locator('#scope').fill('全省参保人员');
    await dialog.getByRole('button', { name: '建立来源' }).click();
    await page.getByRole('heading', { level: 1, name: `走查文件${RUN}` }).waitFor();
    await upload(page, `走查${RUN}.csv`, FILE);
    await page.getByText('已完成').first().waitFor({ timeout: WORK_MS });
    await page.getByText('读取 3 = 合格 2 + 问题 1').waitFor();
  });
  await step('corrects the bad row in the grid and replays it', 'rst-shuju', async (page) => {
    const cell = page.getByLabel(/第 .* 行 证件号码/).first();
    await cell.fill(FIXED);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByRole('button', { name: /重放已改正的 1 行/ }).click();
    await page.getByRole('heading', { level: 1, name: /重放/ }).waitFor();
    await page.getByText('读取 1 = 合格 1 + 问题 0').waitFor({ timeout: WORK_MS });
  });
  await step('uploads the same file again, which changes nothing', 'rst-shuju', async (page) => {
    await openSource(page);
    await upload(page, `走查${RUN}.csv`, FILE);
    await page.getByText('内容与更早的批次相同').waitFor({ timeout: WORK_MS });
  });

  // 4 quality
  await step('runs the quality rules', 'rst-shuju', async (page) => {
    await page.goto(`/console/quality/rules?resource=${need('resource')}`);
    await page.getByRole('button', { name: '立即检查' }).click();
    await page.waitForURL(/quality\/runs\//);
    await page.getByText('已完成').first().waitFor({ timeout: WORK_MS });
  });
  await step('makes a rule that fails and gets a work order', 'rst-shuju', async (page) => {
    await page.goto(`/console/quality/rules?resource=${need('resource')}`);
    await page.getByRole('button', { name: '新建规则' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('#title').fill('参保状态只能为参保');
    await choose(dialog, dialog.locator('#kind'), '符合格式');
    await choose(dialog, dialog.locator('#items'), '参保状态');
    await dialog.locator('#params_pattern').fill('^1$');
    await dialog.getByRole('button', { name: '建立规则' }).click();
    await page.getByText('参保状态只能为参保').first().waitFor();
    await page.getByRole('button', { name: '立即检查' }).click();
    await page.waitForURL(/quality\/runs\//);
    const row = page.getByRole('row', { name: /参保状态只能为参保/ }).first();
    await row.getByRole('link', { name: '工单' }).click({ timeout: WORK_MS });
    await page.getByText('改正中').first().waitFor();
    found.order = page.url().split('/').at(-1);
  });
  await step('corrects the data; the check again closes the work order', 'rst-shuju', async (page) => {
    await openSource(page);
    await upload(page, `走查${RUN}更正.csv`, CORRECTED);
    await page.getByText('读取 1 = 合格 1 + 问题 0').waitFor({ timeout: WORK_MS });
    await page.goto(`/console/quality/work-orders/${need('order')}`);
    await page.getByRole('button', { name: '复检', exact: true }).click();
    await page.getByText('已办结').first().waitFor({ timeout: WORK_MS });
  });

  // 5 sharing
  await step('registers an application and gets its secret once', 'ybj-yongshu', async (page) => {
    await page.goto('/console/sharing/applications');
    await page.getByRole('button', { name: '登记应用' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('应用名称').fill(`走查应用${RUN}`);
    await dialog.getByLabel('应用场景').fill('医保参保资格核验');
    await dialog.getByRole('button', { name: '登记应用' }).click();
    await page.getByRole('heading', { level: 1, name: `走查应用${RUN}` }).waitFor();
    await page.getByRole('button', { name: '生成新凭据' }).click();
    await page.locator('[data-secret]').waitFor();
    await page.reload();
    await page.getByRole('button', { name: '生成新凭据' }).waitFor();
    expect((await page.locator('[data-secret]').count()) === 0, 'the secret was shown twice');
  });
  await step('finds the resource by Chinese words and puts it in the cart', 'ybj-yongshu', async (page) => {
    await page.goto(`/console/catalog?q=${encodeURIComponent(TITLE)}`);
    await page.getByRole('link', { name: TITLE }).first().click();
    await page.getByRole('heading', { level: 1, name: TITLE }).waitFor();
    await page.getByRole('button', { name: '加入申购车' }).first().click();
    await page.getByText('已加入申购车').waitFor();
  });
  await step('applies with scenario, purpose and mode', 'ybj-yongshu', async (page) => {
    await page.goto('/console/sharing/cart');
    await page.getByLabel('应用场景').fill('医保参保资格核验');
    await page.getByLabel('用途').fill('办理基本医疗保险参保登记时核验申请人参保状态。');
    await choose(page, '用数应用', `走查应用${RUN}`);
    await page.getByRole('button', { name: '提交申请' }).click();
    await page.waitForURL(/sharing\/requests/);
    // What was in the cart before became requests too: then the list of them opens.
    const title = page.getByRole('heading', { level: 1, name: `共享申请 · ${TITLE}` });
    const row = page.getByRole('row', { name: new RegExp(TITLE) });
    await title.or(row).first().waitFor();
    if (await row.count()) {
      await row.click();
      await page.getByRole('button', { name: '打开详情页' }).click();
    }
    await title.waitFor();
    found.request = page.url().split('/').at(-1).split('?')[0];
  });
  const request = (page) => page.goto(`/console/sharing/requests/${need('request')}`);
  await step('asks the provider', 'dsj-shenhe', async (page) => {
    await request(page);
    await decide(page, /征求/);
    await page.getByText('决定已记录').waitFor();
  });
  await step('refuses with a reason', 'rst-shenpi', async (page) => {
    await request(page);
    await decide(page, /不同意/, '现有核验接口可满足需要。');
    await page.getByText('决定已记录').waitFor();
  });
  await step('decides that it should be shared', 'dsj-shenhe', async (page) => {
    await request(page);
    await page.getByText('现有核验接口可满足需要。').waitFor();
    await decide(page, /^应当共享/, '法定职责需要，且已限定场景。');
    await page.getByText('决定已记录').waitFor();
  });
  await step('shares with the name masked', 'dsj-shenhe', async (page) => {
    await request(page);
    await page.getByRole('radio', { name: /共享/ }).first().check();
    await choose(page, page.getByLabel('姓名', { exact: true }), '姓名');
    const reason = page.locator('.timeline-decision textarea[id^="reason-"]');
    await reason.fill('按决定共享');
    await page.getByRole('button', { name: '提交决定' }).click();
    await page.getByText('已共享').first().waitFor();
  });

  // 6 gateway
  await step('tries the interface by citizen ID; the name is masked', 'ybj-yongshu', async (page) => {
    await request(page);
    await page.getByRole('link', { name: '查看授权' }).click();
    await page.getByRole('link', { name: '接口与试调用' }).click();
    await page
      .getByLabel(/证件号码/)
      .first()
      .fill(GOOD);
    await page.getByRole('button', { name: '调用', exact: true }).click();
    const result = page.locator('[data-try-result]');
    await result.waitFor();
    await result.getByText(/李\*+/).waitFor();
  });
  await step('sees who read the record, for which scenario', 'rst-shenpi', async (page) => {
    await page.goto('/console/sharing/access-log');
    await page.getByText('医保参保资格核验').first().waitFor();
    await page.getByRole('button', { name: '按记录查询' }).click();
    const drawer = page.getByRole('dialog');
    await choose(drawer, drawer.locator('#by-resource'), TITLE);
    await drawer.getByLabel(/记录标识/).fill(GOOD);
    await drawer.getByRole('button', { name: '查询', exact: true }).click();
    await drawer.getByText('浙江省医疗保障局').first().waitFor();
  });

  // 7 opening, 8 withdrawal
  await steps.run('public: the equipment register is on the portal', null, async () => {
    const page = await person(browser);
    await page.goto('/');
    await page.getByRole('heading').first().waitFor();
    const answer = await (await page.request.get(`/api/v1/datasets?q=${encodeURIComponent('特种设备')}`)).json();
    expect(answer.items.length > 0, 'the equipment register is not opened');
    found.dataset = answer.items[0];
    await page.goto(`/datasets/${need('dataset').slug}`);
    await page.getByRole('heading', { level: 1, name: need('dataset').title }).waitFor();
    await page.getByText('CSV').first().waitFor();
    people.public = page;
  });
  const doors = () => [
    `/api/v1/datasets/${need('dataset').slug}/files/csv`,
    `/api/v1/datasets/${need('dataset').slug}/rows?limit=1`,
  ];
  await steps.run('qiye: a firm asks for the withdrawal of its entry', null, async () => {
    const page = await dataUser(browser, 'qiye');
    people.qiye = page;
    const rows = await (await page.request.get(`/api/v1/datasets/${need('dataset').slug}/rows?limit=1`)).json();
    const detail = await (await page.request.get(`/api/v1/datasets/${need('dataset').slug}`)).json();
    found.record = String(rows.items[0][detail.key ?? rows.fields[0]]);
    await page.goto(`/datasets/${need('dataset').slug}/withdrawal`);
    await page.getByLabel(/类别/).selectOption('commercial_secret');
    const key = page.locator('form input');
    if (await key.count()) await key.first().fill(need('record'));
    await page.locator('form textarea').first().fill('该条记录公开了本企业的生产布局，损害本企业商业秘密。');
    await page.getByRole('button', { name: '提交撤回申请' }).click();
    await page.getByText('撤回申请已提交').waitFor();
    const made = await (await page.request.get('/api/v1/withdrawals?state=running&limit=1')).json();
    found.withdrawal = made.items[0].id;
  });
  await step('suspends at once; file and rows are refused within a second', 'scjg-shenpi', async (page) => {
    await page.goto(`/console/opening/withdrawals/${need('withdrawal')}`);
    await decide(page, /中止/, '核实企业提出的撤回申请，先行中止。');
    await page.getByText('决定已记录').waitFor();
    const until = Date.now() + 1000;
    let open = doors();
    while (open.length && Date.now() < until) {
      const states = await Promise.all(open.map(async (d) => [d, (await page.request.get(d)).status()]));
      open = states.filter(([, status]) => status < 400).map(([d]) => d);
    }
    expect(open.length === 0, `still open: ${open.join(' ')}`);
  });
  await steps.run('public: the portal says that the dataset is suspended', people.public, async () => {
    await people.public.goto(`/datasets/${need('dataset').slug}`);
    await people.public.getByText(/中止/).first().waitFor();
  });
  await step('treats the data and opens it again without the record', 'scjg-shenpi', async (page) => {
    await page.goto(`/console/opening/withdrawals/${need('withdrawal')}`);
    await decide(page, /处理/, '移除所涉记录后再开放。');
    await page.getByText('决定已记录').waitFor();
    await page.goto('/console/opening/datasets');
    await page
      .getByRole('row', { name: new RegExp(need('dataset').title) })
      .getByText('开放', { exact: true })
      .waitFor({ timeout: WORK_MS });
    const rows = await page.request.get(doors()[1].replace('limit=1', `q=${encodeURIComponent(need('record'))}&limit=5`));
    expect(rows.ok(), `rows are not readable again: ${rows.status()}`);
    expect(!(await rows.text()).includes(need('record')), 'the treated record is still there');
  });
  await steps.run('qiye: the firm is told', people.qiye, async () => {
    await people.qiye.goto(`/me/withdrawals/${need('withdrawal')}`);
    await people.qiye
      .getByText(/处理后再开放/)
      .first()
      .waitFor();
  });

  // 9 ledger
  await step('verifies an entry of the ledger in the browser', 'dsj-shenji', async (page) => {
    await page.goto(`/console/supervision/ledger?subject=${need('resource')}`);
    await page.locator('tbody tr').first().click();
    await page.locator('[data-proof]').waitFor();
    expect(
      (await page.locator('[data-proof]').getAttribute('data-proof')) === 'ok',
      'the inclusion proof does not hold',
    );
  });
  await step('sees the deadlines with their articles', 'dsj-shenhe', async (page) => {
    await page.goto('/console/supervision/deadlines');
    await page
      .getByText(/《.*》第/)
      .first()
      .waitFor();
  });

  // keyboard and language
  await step('finds the keys, the search and a capability by keyboard', 'dsj-shenhe', async (page) => {
    await page.goto('/console/');
    await page.getByRole('heading', { name: '工作台' }).waitFor();
    await page.keyboard.press('?');
    await page.getByText('键盘快捷键').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('键盘快捷键').waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    expect(
      await page.evaluate(() => document.activeElement?.getAttribute('role') === 'combobox'),
      '/ does not focus the search',
    );
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: '数据目录' }).waitFor();
  });
  await step('switches to English and back', 'dsj-shenhe', async (page) => {
    await page.goto('/console/?lang=en');
    await page.getByRole('heading', { name: 'Workbench' }).waitFor();
    await page.goto('/console/?lang=zh');
    await page.getByRole('heading', { name: '工作台' }).waitFor();
  });
} finally {
  await close();
}
steps.end();
