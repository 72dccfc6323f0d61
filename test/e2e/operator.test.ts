import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { CHROMIUM, TestBrowser } from '../support/browser.ts';
import { NEWEST, Worker, requireCelery } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { CHANGE } from '../support/http-app.ts';
import { Receiver } from '../support/receiver.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const missing =
  requireService('redis-server') || requireCelery(NEWEST) || (CHROMIUM === undefined && 'Chromium is not installed');

test.skipIf(missing)(
  missing ||
    'an operator adds, watches, pauses, explains, reloads and fails entries, and survives a killed leader, with two beats, Redis and a real worker',
  async () => {
    await using redis = await RedisServer.start();
    using receiver = new Receiver();
    const [brokerUrl, resultBackend] = [redis.url(0), redis.url(1)];
    const alerts = { webhook: { url: `${await receiver.url()}/hook`, on: ['failure'] } };
    const entries = { broken: { task: 'tasks.fail', schedule: '1h' } };
    const writeConfig = (beatSchedule: object) =>
      stringify({ brokerUrl, resultBackend, lock: { ttl: '2s' }, alerts, beatSchedule });
    using folder = new Folder({ 'beat.config.yaml': writeConfig(entries) });
    const cwd = folder.path;
    await using worker = new Worker(NEWEST, { brokerUrl, resultBackend, cwd });
    await worker.reports.first('ready', ({ kind }) => kind === 'ready');

    const env = { BEAT_HTTP_CHANGE_TOKEN: CHANGE };
    const args = ['--http', '0'];
    await using leader = new BeatProcess({ cwd, args, env });
    await leader.waitForEvent('scheduling');
    await using follower = new BeatProcess({ cwd, args, env });
    const url = String((await follower.waitForEvent('http'))['url']);
    const beat = async (...command: string[]) => {
      const { code, stdout, stderr } = await callBeat(command, { cwd });
      expect([command, code, stderr]).toEqual([command, 0, '']);
      return stdout;
    };

    await using browser = await TestBrowser.launch();
    const { page, errors } = await browser.open(`${url}/`);
    await logIn(page);
    await page.getByRole('link', { name: 'broken', exact: true }).waitFor();

    // An entry that the command line adds runs, and its page shows it with its outcome.
    await beat('add', 'digest', '--task', 'tasks.note', '--schedule', '1s');
    await page.goto(`${url}/entries/digest`);
    await page.locator('#runs').getByText('succeeded').nth(3).waitFor();

    // Paused in the page, it does not run; page and command say why.
    await page.getByText('Pause …').click();
    await page.getByLabel('Reason').first().fill('storage migration');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('paused digest').waitFor();
    const state = await page.locator('#state').innerText();
    expect(state).toContain('paused it on');
    expect(state).toContain('storage migration');
    const why = await beat('why', 'digest', '--at', new Date().toISOString());
    expect(why).toContain('storage migration');

    // The leader reads a changed file again; the page of a new entry is there.
    folder.write('beat.config.yaml', writeConfig({ ...entries, added: { task: 'tasks.note', schedule: '1h' } }));
    await beat('reload');
    const leaderUrl = String((await leader.waitForEvent('http'))['url']);
    await page.goto(`${leaderUrl}/entries/added`);

    // Its only run: nothing but the outcome changes after it was published.
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByText('published a run of added').waitFor();
    await page.locator('#runs').getByText('✓ succeeded').first().waitFor();

    // The error of a failed task is in the alert and in the page.
    await page.goto(`${url}/entries/broken`);
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.locator('#runs').getByText('ValueError: on purpose').first().waitFor();
    const { body } = await receiver.received.first('alert', ({ path }) => path === '/hook');
    expect(JSON.parse(body)).toMatchObject({
      kind: 'failure',
      entry: 'broken',
      state: 'FAILURE',
      error: 'ValueError: on purpose',
    });

    // Each instance has its own metrics.
    const metrics = await readMetrics(leaderUrl);
    expect(metrics).toMatch(/^beat_leader 1$/m);
    expect(metrics).toMatch(/^beat_runs_published_total\{cause="schedule"\} [1-9]/m);
    expect(metrics).toMatch(/^beat_runs_published_total\{cause="manual"\} 2$/m);
    expect(metrics).toMatch(/^beat_outcomes_total\{state="FAILURE"\} 1$/m);
    expect(metrics).toMatch(/^beat_outcomes_total\{state="SUCCESS"\} [1-9]/m);

    // After the leader was killed, the follower leads with the same state.
    await page.goto(`${url}/instances`);
    await page.locator('#leader').getByText(`:${leader.pid}`).waitFor();
    await leader.kill();
    await page.locator('#leader').getByText(`:${follower.pid}`).waitFor();
    await page.goto(`${url}/entries/digest`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('resumed digest').waitFor();
    await follower.waitForRuns(1);
    expect(await readMetrics(url)).toMatch(/^beat_leader 1$/m);
    expect(errors).toEqual([]);
  },
);

async function logIn(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('Token').fill(CHANGE);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function readMetrics(url: string): Promise<string> {
  const headers = { Authorization: `Bearer ${CHANGE}` };
  return (await fetch(`${url}/metrics`, { headers })).text();
}
