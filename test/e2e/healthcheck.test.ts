import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat, type CallResult } from '../support/call-beat.ts';
import { Folder } from '../support/folder.ts';

describe.skipIf(process.platform === 'win32')('healthcheck', () => {
  let folder: Folder;
  /** A folder of the test's own: the check asks every instance of a user. */
  let env: Record<string, string>;

  beforeAll(() => {
    folder = new Folder({ 'beat.config.yaml': 'lock: { ttl: 1s }\nbeatSchedule: {}' });
    env = { BEAT_RUNTIME_DIR: `${folder.path}/runtime` };
  });
  afterAll(() => folder[Symbol.dispose]());

  const start = () => new BeatProcess({ cwd: folder.path, env });
  const healthcheck = () => callBeat(['healthcheck'], { cwd: folder.path, env });
  const instances = ({ stdout }: CallResult) =>
    stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

  test('exits 1 where no instance runs', async () => {
    expect(await healthcheck()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'beat: not running: no instance of this user on this host',
    });
  });

  test('exits 0 while every instance makes progress, leader or follower', async () => {
    await using leader = start();
    await leader.waitForEvent('scheduling');
    await using follower = start();
    await follower.waitForEvent('following');
    const answer = await healthcheck();
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    const found = instances(answer);
    expect(new Set(found.map(({ pid }) => pid))).toEqual(new Set([leader.pid, follower.pid]));
    for (const { alive } of found) expect(alive).toBe(true);
  });

  test('exits 1 while an instance is frozen and names it, and exits 0 when it continues', async () => {
    await using beat = start();
    await beat.waitForEvent('scheduling');
    beat.freeze();
    const stuck = await healthcheck();
    expect(stuck).toMatchObject({ code: 1, stderr: `beat: stuck: process ${beat.pid} (no answer within 5 s)` });
    expect(instances(stuck)).toEqual([{ pid: beat.pid, alive: false, idleMs: null }]);
    beat.thaw();
    expect(await healthcheck()).toMatchObject({ code: 0, stderr: '' });
  });

  test('exits 1 while an entry is blocked, with the command that repairs it, and 0 after that command', async () => {
    const config = 'lock: { ttl: 1s }\nbeatSchedule: { "damaged": { task: t, schedule: 3600 } }';
    using own = new Folder({ 'beat.config.yaml': config });
    {
      await using first = new BeatProcess({ cwd: own.path, env });
      await first.waitForEvent('scheduling');
    }
    using db = new DatabaseSync(`${own.path}/beat.sqlite`);
    db.exec(`UPDATE beat_entry SET state = '{' WHERE entry = 'damaged'`);
    await using leader = new BeatProcess({ cwd: own.path, env });
    await leader.waitForEvent('failure');
    const answer = await healthcheck();
    expect(answer).toMatchObject({
      code: 1,
      stderr: `beat: blocked: entry "damaged" (its stored state is unreadable); repair it with: beat forget damaged`,
    });
    expect(instances(answer)).toMatchObject([{ alive: true, blockedEntries: ['damaged'] }]);
    expect((await callBeat(['forget', 'damaged'], { cwd: own.path })).code).toBe(0);
    await leader.waitForEvent('recovered');
    expect(await healthcheck()).toMatchObject({ code: 0, stderr: '' });
  });

  test.runIf(process.platform === 'linux')('ignores sockets outside of its folder', async () => {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
    const forged = { pid: 1, alive: true, idleMs: 0 };
    // An abstract socket, which any user of the host may bind.
    await using server = createServer((socket) => void socket.end(JSON.stringify(forged)));
    server.listen(`\0beat-health-${namespace}-1`);
    await once(server, 'listening');
    expect(await healthcheck()).toMatchObject({ code: 1, stdout: '' });
  });

  test('counts an answer that is too long or invalid as no answer, and prints nothing of it', async () => {
    const namespace = process.platform === 'linux' ? /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0] : '';
    const answers = ['\u001b[2J{"pid":7}', `{"pid":7,"alive":true,"idleMs":"${'x'.repeat(1_000_000)}"}`];
    for (const answer of answers) {
      await using server = createServer((socket) => {
        socket.on('error', () => {});
        socket.end(answer);
      });
      server.listen(`${env['BEAT_RUNTIME_DIR']}/health-${namespace}-7`);
      await once(server, 'listening');
      expect(await healthcheck()).toMatchObject({
        code: 1,
        stdout: '{"pid":7,"alive":false,"idleMs":null}',
        stderr: 'beat: stuck: process 7 (no answer within 5 s)',
      });
    }
  });

  test('no longer finds an instance that was killed', async () => {
    const beat = start();
    await beat.waitForEvent('scheduling');
    await beat.kill();
    expect(await healthcheck()).toMatchObject({
      code: 1,
      stderr: 'beat: not running: no instance of this user on this host',
    });
  });
});
