import { expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';

const SECONDLY = 'e: { task: "t", schedule: 1 }';

/** Starts beat on a configuration module, and waits until its HTTP server listens. */
async function start(folder: Folder, module: string) {
  folder.write('beat.config.mjs', module);
  const beat = new BeatProcess({ cwd: folder.path, args: ['--http', '0'] });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  return { beat, url };
}

test('HTTP thread: health checks are answered while the thread of the scheduler is blocked', async () => {
  using folder = new Folder();
  const { beat, url } = await start(
    folder,
    `import { existsSync, writeFileSync } from 'node:fs';
    const compute = () => {
      writeFileSync('blocked', '');
      while (!existsSync('go'));
      return [];
    };
    const args = { [Symbol.for('beat.lazy')]: true, compute };
    export default { beatSchedule: { e: { task: 't', schedule: 1, args } } };`,
  );
  await using _ = beat;
  await beat.waitForEvent('scheduling');
  await expect.poll(() => folder.has('blocked'), { timeout: 60_000 }).toBe(true);
  const health = await fetch(`${url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok', idleMs: expect.any(Number) as number }]);
  expect(beat.sent).toEqual([]);
  folder.write('go', '');
  await beat.waitForRuns(1);
});

test('HTTP thread: runs are published while the thread of HTTP is blocked', async () => {
  using folder = new Folder();
  const { beat, url } = await start(
    folder,
    `import { existsSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    while (!isMainThread && !existsSync('go'));
    export default { beatSchedule: { ${SECONDLY} } };`,
  );
  await using _ = beat;
  const page = fetch(`${url}/api/status`);
  await beat.waitForRuns(2);
  folder.write('go', '');
  expect((await page).status).toBe(200);
});

test('HTTP thread: a failure of the thread is logged, the scheduler goes on, and HTTP is served again', async () => {
  using folder = new Folder();
  const { beat, url } = await start(
    folder,
    `import { existsSync, writeFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    if (!isMainThread && !existsSync('failed')) {
      writeFileSync('failed', '');
      setTimeout(() => { throw new Error('a mistake') }, 100);
    }
    export default { beatSchedule: { ${SECONDLY} } };`,
  );
  await using _ = beat;
  const failure = await beat.log.first('the failure', ({ event, level }) => {
    return event === 'http' && level === 'error';
  });
  expect(failure.msg).toMatch(
    /^http: The HTTP thread ended \(a mistake\); scheduling continues, restarting it in \d+ ms$/,
  );
  const again = await beat.waitForEvent('http', beat.log.all.indexOf(failure) + 1);
  expect(again).toMatchObject({ url });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  await beat.waitForRuns(1);
  expect(await beat.stop()).toMatchObject({ code: 0 });
});

test('HTTP thread: what a command has reloaded is on the next page', async () => {
  using folder = new Folder();
  const token = 'change-token-of-the-tests';
  folder.write(
    'beat.config.yaml',
    `{beatSchedule: {${SECONDLY}}, http: {changeToken: ${token}, readToken: read-${token}}}`,
  );
  await using beat = new BeatProcess({ cwd: folder.path, args: ['--http', '0'] });
  const { url } = (await beat.waitForEvent('http')) as unknown as { url: string };
  await beat.waitForEvent('scheduling');
  // The answer comes after the thread has read the configuration, which must not change while it is read.
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const other = SECONDLY.replace('e:', 'f:');
  folder.write(
    'beat.config.yaml',
    `{beatSchedule: {${SECONDLY}, ${other}}, http: {changeToken: ${token}, readToken: read-${token}}}`,
  );
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const body = JSON.stringify({ do: 'reload' });
  const reload = await fetch(`${url}/api/commands?wait=10000`, { method: 'POST', headers, body });
  expect(reload.status).toBe(200);
  const found = await fetch(`${url}/api/entries/f`, { headers });
  expect(found.status).toBe(200);
});
