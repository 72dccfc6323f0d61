import type { Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { CHROMIUM, findViolations, TestBrowser } from '../support/browser.ts';
import { Folder } from '../support/folder.ts';
import { CHANGE, READ } from '../support/http-app.ts';

const CONFIG = `
lock: { ttl: 2s }
http: { port: 0, readToken: ${READ}, changeToken: ${CHANGE} }
beatSchedule:
  heartbeat: { task: ops.heartbeat, schedule: 1s }
  backup:
    task: shop.backup
    description: Nightly dump of the shop
    schedule: { cron: 0 3 * * * }
    timezone: Europe/Oslo
  yearly: { task: shop.yearly, schedule: { cron: 0 0 1 1 * }, enabled: false }
`;

/** Skipped where Chromium is not installed. */
describe.skipIf(CHROMIUM === undefined)('dashboard in Chromium', () => {
  let folder: Folder;
  let browser: TestBrowser;
  let leader: BeatProcess;
  let follower: BeatProcess;
  let url: string;

  beforeAll(async () => {
    folder = new Folder({ 'beat.config.yaml': CONFIG });
    leader = new BeatProcess({ cwd: folder.path });
    await leader.waitForEvent('scheduling');
    follower = new BeatProcess({ cwd: folder.path });
    url = String((await follower.waitForEvent('http'))['url']);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await Promise.all([leader[Symbol.asyncDispose](), follower[Symbol.asyncDispose]()]);
    folder[Symbol.dispose]();
  });

  afterEach(() => browser.closePages());

  async function logIn(page: Page, token = CHANGE): Promise<void> {
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Your name').fill('Ann');
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  const badge = (page: Page) => page.locator('#badge');

  test('shows entries, pauses one with a reason, says why it is paused, runs and resumes it', async () => {
    const { page, errors } = await browser.open(`${url}/`);
    await logIn(page);
    await page.getByRole('link', { name: 'backup', exact: true }).click();
    expect(await badge(page).innerText()).toBe('active');
    await page.getByText('Pause …').click();
    await page.getByLabel('Reason').first().fill('storage migration');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('paused backup').waitFor();
    expect(await badge(page).innerText()).toBe('paused');
    expect(await page.locator('#state').innerText()).toContain('with the reason “storage migration”');
    expect(await page.locator('#next').innerText()).toContain('None is due.');
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByText('published a run of backup').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('resumed backup').waitFor();
    expect(await badge(page).innerText()).toBe('active');
    await page.getByRole('link', { name: 'Audit log' }).click();
    const audit = await page.locator('#audit').innerText();
    expect(audit).toContain('storage migration');
    expect(audit).toContain('Ann');
    expect(errors).toEqual([]);
  });

  test('explains an occurrence of the strip, and an instant of the form', async () => {
    const { page, errors } = await browser.open(`${url}/entries/heartbeat`);
    await logIn(page, READ);
    await page
      .getByRole('link', { name: /: published$/ })
      .first()
      .click();
    await page.getByRole('heading', { name: 'Why: heartbeat' }).waitFor();
    expect(await page.locator('#answer').innerText()).toContain('published in time by');
    await page.goto(`${url}/entries/backup/why`);
    await page.getByLabel('Instant (Europe/Oslo)').fill('2027-03-28T02:30:00');
    await page.getByRole('button', { name: 'Explain' }).click();
    const fields = page.getByRole('region', { name: 'Fields of the schedule' });
    await fields.waitFor();
    // 02:30 does not exist on that day: the clocks skip it.
    expect(await page.locator('#answer').innerText()).toContain('2027-03-28T01:00:00Z');
    expect(await fields.innerText()).toContain('matches');
    expect(errors).toEqual([]);
  });

  test('shows runs as they are published, without a reload', async () => {
    const { page } = await browser.open(`${url}/entries/heartbeat`);
    await logIn(page, READ);
    await page.evaluate('globalThis.isSamePage = true');
    const runs = page.locator('#state dd').last();
    const before = Number(await runs.innerText());
    const later = [2, 3, 4, 5, 6].map((more) => before + more).join('|');
    await runs.filter({ hasText: new RegExp(`^(${later})$`) }).waitFor();
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true);
  });

  test('shows what changed after the page was rendered and before its stream was open', async () => {
    const { page } = await browser.open(`${url}/`);
    await logIn(page);
    let open = () => {};
    const held = new Promise<void>((resolve) => (open = resolve));
    await page.route('**/api/events*', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${url}/audit`);
    const headers = { Authorization: `Bearer ${CHANGE}` };
    const json = { do: 'pause', entry: 'heartbeat', reason: 'between' };
    await page.request.post(`${url}/api/commands?wait=10`, { headers, data: json });
    expect(await page.getByText('between').count()).toBe(0);
    open();
    await page.getByText('between').first().waitFor();
    await page.request.post(`${url}/api/commands?wait=10`, { headers, data: { do: 'resume', entry: 'heartbeat' } });
  });

  test('stays live over ten links in one tab, and when the user goes back', async () => {
    const { page } = await browser.open(`${url}/`);
    await logIn(page, READ);
    const isLive = () => page.locator('#connection').getByText('Live').waitFor();
    for (let link = 0; link < 10; link++) {
      await isLive();
      const name = link % 2 === 0 ? 'Audit log' : 'Entries';
      await page.getByRole('link', { name, exact: true }).click();
      await page.waitForURL(link % 2 === 0 ? '**/audit' : /\d\/$/);
    }
    await page.getByRole('link', { name: 'Instances', exact: true }).click();
    await isLive();
    // A page of the cache is not loaded, so there is no event load.
    await page.goBack({ waitUntil: 'commit' });
    await isLive();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('follows changes while the page is visible, and shows what changed while it was hidden', async () => {
    const { page } = await browser.open(`${url}/entries/heartbeat`);
    await logIn(page, READ);
    await page.locator('#connection').getByText('Live').waitFor();
    const streams: string[] = [];
    const isStream = (request: Request) => request.url().includes('/api/events');
    page.on('request', (request) => isStream(request) && streams.push('opened'));
    page.on('requestfailed', (request) => isStream(request) && streams.push('closed'));
    const show = (isHidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    const closed = page.waitForEvent('requestfailed', isStream);
    await show(true);
    await closed;
    await show(true);
    expect(streams).toEqual(['closed']);
    // An event from before may still refresh the page.
    const refreshed = page.waitForRequest(
      (request) => streams.includes('opened') && request.url().endsWith('/heartbeat'),
    );
    await show(false);
    await refreshed;
    expect(streams).toEqual(['closed', 'opened']);
  });

  test('adds, changes and removes a stored entry, and shows all problems of a wrong one', async () => {
    const { page } = await browser.open(`${url}/add`);
    await logIn(page);
    await page.getByLabel('Name').fill('digest');
    await page.getByLabel('Task').fill('mail.digest');
    await page.getByLabel('Schedule').fill('61 7 * * mon');
    await page.getByLabel('Time zone').fill('Europe/Osло');
    await page.getByRole('button', { name: 'Add entry' }).click();
    const problems = await page.getByRole('alert').innerText();
    expect(problems).toContain('61');
    expect(problems).toContain('Europe/Os');
    await page.getByLabel('Schedule').fill('0 7 * * mon');
    await page.getByLabel('Time zone').fill('Europe/Oslo');
    await page.getByRole('button', { name: 'Add entry' }).click();
    await page.getByRole('heading', { name: 'digest' }).waitFor();
    await page.getByText('Change …').click();
    await page.getByLabel('Fields to replace').fill('{"task": "mail.summary"}');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('#state').getByText('mail.summary').first().waitFor();
    await page.getByText('Remove …').click();
    await page.getByRole('button', { name: 'Remove the entry' }).click();
    await page.getByText('removed').first().waitFor();
  });

  test('leads to the login page after the end of the session', async () => {
    const { page } = await browser.open(`${url}/audit`);
    await logIn(page);
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
    await page.route('**/api/events*', (route) => route.fulfill({ status: 401 }));
    await page.reload();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(new URL(page.url()).search).toBe('?next=%2Faudit');
  });

  test('with the read token, shows no actions', async () => {
    const { page } = await browser.open(`${url}/entries/backup`);
    await logIn(page, READ);
    await page.getByText('read only').waitFor();
    expect(await page.getByRole('button', { name: 'Run now' }).count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'passes the accessibility rules of axe, with the %s colors',
    async (colorScheme) => {
      const { page } = await browser.open(`${url}/login`, { colorScheme });
      const found = await findViolations(page);
      await logIn(page);
      for (const path of [
        '/',
        '/?search=absent',
        '/entries/heartbeat',
        '/entries/yearly',
        '/entries/backup/why?at=2027-01-01T03:00',
        '/add',
        '/audit',
        '/instances',
      ]) {
        await page.goto(`${url}${path}`);
        for (const violation of await findViolations(page)) found.push(`${path}: ${violation}`);
      }
      expect(found).toEqual([]);
    },
  );

  test('fits on a screen that is 360 pixels wide', async () => {
    const { page } = await browser.open(`${url}/login`, { viewport: { width: 360, height: 740 } });
    await logIn(page);
    for (const path of [
      ...['/', '/entries/heartbeat', '/entries/backup/why?at=2027-01-01T03:30', '/add', '/audit'],
      '/instances',
    ]) {
      await page.goto(`${url}${path}`);
      const width = await page.evaluate('document.scrollingElement.scrollWidth');
      expect([path, width]).toEqual([path, 360]);
    }
  });

  test('can be read without JavaScript', async () => {
    const { page } = await browser.open(`${url}/`, { javaScriptEnabled: false });
    await logIn(page);
    await page.getByRole('link', { name: 'backup', exact: true }).click();
    expect(await page.locator('#state').innerText()).toContain('It runs on schedule.');
  });

  test('shows that the follower takes over after the leader was killed', async () => {
    const { page } = await browser.open(`${url}/instances`);
    await logIn(page);
    await page.locator('#leader').getByText(`:${leader.pid}`).waitFor();
    await leader.kill();
    const shown = page.locator('#leader').getByText(`:${follower.pid}`);
    await shown.waitFor();
    expect(await shown.isVisible()).toBe(true);
  });
});
