import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BeatProcess, runBeat, type Answer } from '../support/beat-process.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';

/**
 * The check asks every instance on the host, and this host may run others. So the test has a network
 * of its own, which is what local sockets belong to on Linux, and what a container has.
 */
const UNSHARE = ['--user', '--map-root-user', '--net'];
const canHave =
  process.platform === 'linux' && spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

describe.skipIf(!canHave)(canHave ? 'healthcheck' : 'no network of its own for a test here', () => {
  let folder: Folder;
  let network: Child;
  let within: string[];

  beforeAll(async () => {
    folder = new Folder({ 'beat.config.yaml': 'beatSchedule: {}' });
    const said = new Journal<string>();
    network = new Child('unshare', [...UNSHARE, 'sh', '-c', 'echo here; exec sleep infinity'], {
      lines: { 1: (line) => said.add(line) },
    });
    await said.first('a network', () => true);
    within = ['nsenter', '--user', '--net', '--preserve-credentials', '-t', String(network.pid)];
  });
  afterAll(async () => {
    await network.kill();
    folder[Symbol.dispose]();
  });

  const start = () => new BeatProcess({ cwd: folder.path, within });
  const healthcheck = () => runBeat(['healthcheck'], { cwd: folder.path, within });
  const instances = ({ stdout }: Answer) =>
    stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

  it('exits 1 where no instance runs', async () => {
    expect(await healthcheck()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'beat: not running here',
    });
  });

  it('exits 0 while every instance gets anywhere, be it only to wait', async () => {
    await using leader = start();
    await leader.heard('begun');
    await using follower = start();
    await follower.heard('following');
    const answer = await healthcheck();
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    const found = instances(answer);
    expect(new Set(found.map(({ pid }) => pid))).toEqual(new Set([leader.pid, follower.pid]));
    for (const { advancing } of found) expect(advancing).toBe(true);
  });

  it('exits 1 while one of them is frozen, names it, and exits 0 when it goes on', async () => {
    await using beat = start();
    await beat.heard('begun');
    beat.freeze();
    const stuck = await healthcheck();
    expect(stuck).toMatchObject({
      code: 1,
      stderr: `beat: not getting anywhere: process ${beat.pid}`,
    });
    expect(instances(stuck)).toEqual([{ pid: beat.pid, advancing: false, silence: null }]);
    beat.thaw();
    expect(await healthcheck()).toMatchObject({ code: 0, stderr: '' });
  });

  it('exits 1 while an entry is held up, with the command that repairs it, and 0 after that command', async () => {
    const config = 'beatSchedule: { "held up": { task: t, schedule: 3600 } }';
    using own = new Folder({ 'beat.config.yaml': config });
    {
      await using first = new BeatProcess({ cwd: own.path, within });
      await first.heard('begun');
    }
    using db = new DatabaseSync(`${own.path}/beat.sqlite`);
    db.exec(`UPDATE beat_record SET record = '{' WHERE entry = 'held up'`);
    await using leader = new BeatProcess({ cwd: own.path, within });
    await leader.heard('fault');
    const answer = await healthcheck();
    expect(answer).toMatchObject({
      code: 1,
      stderr: `beat: entry "held up" is held up, for its record cannot be read; repair it with: beat forget 'held up'`,
    });
    expect(instances(answer)).toMatchObject([{ advancing: true, heldUp: ['held up'] }]);
    expect((await runBeat(['forget', 'held up'], { cwd: own.path })).code).toBe(0);
    await leader.heard('recovered');
    expect(await healthcheck()).toMatchObject({ code: 0, stderr: '' });
  });
});
