import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { Folder } from '../support/folder.ts';
import { findDuplicates, readRedisQueue } from '../support/queues.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const CONFIG = `
resultExpires: null
lock: { ttl: 2s }
beatSchedule:
  declared: { task: tasks.declared, schedule: 1d }
`;

let folder: Folder;
let cwd: string;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterEach(() => folder[Symbol.dispose]());

const beat = (...args: string[]) => callBeat(args, { cwd });

async function listed(): Promise<Record<string, unknown>[]> {
  const { stdout } = await beat('list', '--json');
  return stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('stored entries on the embedded store', () => {
  test('beat add creates an entry that runs, beat update changes it, and beat remove ends it', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    const flags = ['--task', 'tasks.digest', '--args', '[1]', '--description', 'a digest'];
    expect(await beat('add', 'digest', '--schedule', '200ms', ...flags)).toMatchObject({
      code: 0,
      stdout: 'added digest',
      stderr: '',
    });
    await leader.waitForRuns(2);
    expect(leader.sent[0]).toMatchObject({ entry: 'digest', task: 'tasks.digest' });
    expect(await listed()).toMatchObject([
      { entry: 'declared', source: 'configuration' },
      { entry: 'digest', source: 'store', task: 'tasks.digest', description: 'a digest' },
    ]);

    expect(await beat('update', 'digest', '--schedule', '0 4 * * *')).toMatchObject({
      code: 0,
      stdout: 'updated digest; its schedule counts from now',
    });
    expect((await listed())[1]).toMatchObject({ schedule: 'at 04:00' });
    expect(await beat('remove', 'digest')).toMatchObject({ code: 0, stdout: 'removed digest' });
    expect(await listed()).toHaveLength(1);
  });

  test('beat add --shell says that workers reject commands that are not declared', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    expect(await beat('add', 'vacuum', '--schedule', '1h', '--shell', 'vacuum')).toMatchObject({
      code: 0,
      stdout: 'added vacuum',
      stderr: expect.stringContaining(
        'a worker with --allow declared, the default, rejects commands of stored entries',
      ) as string,
    });
  });

  test('an entry that was added before a restart runs after it', async () => {
    {
      await using leader = new BeatProcess({ cwd });
      await leader.waitForEvent('scheduling');
      await beat('add', 'digest', '--task', 'tasks.digest', '--schedule', '300ms');
    }
    await using next = new BeatProcess({ cwd });
    await next.waitForRuns(1);
    expect(next.sent[0]).toMatchObject({ entry: 'digest' });
  });

  test('beat add -f creates the entries of a file, and may be repeated', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    const lines = Array.from({ length: 2_500 }, (_, i) =>
      JSON.stringify({ name: `e${i}`, task: 't', schedule: { cron: `${i % 60} 4 * * *` } }),
    );
    writeFileSync(join(cwd, 'entries.jsonl'), lines.join('\n'));
    const added = ['added 1000 entries', 'added 1000 entries', 'added 500 entries'];
    expect(await beat('add', '-f', 'entries.jsonl')).toMatchObject({ code: 0, stdout: added.join('\n'), stderr: '' });
    expect(await listed()).toHaveLength(2_501);
    const again = await beat('add', '-f', 'entries.jsonl');
    expect(again.stdout).toContain('added 0 entries; 500 existed already');
    const table = await beat('list');
    expect(table.stdout).toContain('the 1,000 stored entries due next; --json lists all');
  });

  test('beat add -f reports every problem of a file and adds nothing', async () => {
    const lines = [
      { name: 'good', task: 't', schedule: 60 },
      { name: 'bad', tsk: 't', schedule: { cron: '61 * * * *' } },
      { name: 'declared', task: 't', schedule: 60 },
      { name: 'good', task: 't', schedule: 60 },
      { task: 't', schedule: 60 },
    ];
    const text = [...lines.map((line) => JSON.stringify(line)), '{', '[]'].join('\n');
    writeFileSync(join(cwd, 'entries.jsonl'), text);
    const { code, stderr } = await beat('add', '-f', 'entries.jsonl');
    expect(code).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'entries.jsonl:2: bad.tsk: unknown key; did you mean "task"?',
      'entries.jsonl:2: bad.schedule.cron: minute: "61" is out of range 0-59',
      'entries.jsonl:2: bad.task: missing; expected text that is not empty, or a signature',
      'entries.jsonl:3: declared: the configuration declares an entry of this name',
      'entries.jsonl:4: good: an entry of this name is in line 1 too',
      'entries.jsonl:5: name: expected text that is not empty',
      expect.stringMatching(/^entries\.jsonl:6: invalid JSON: /),
      'entries.jsonl:7: expected a JSON object',
    ]);
    expect(await listed()).toHaveLength(1);
  });

  test('invalid flags of beat add and beat update are reported together', async () => {
    const add = await beat('add', 'x', '--task', 't', '--args', '[', '--options', 'q');
    expect(add.code).toBe(2);
    expect(add.stderr).toMatch(/^--args: expected JSON, got \[: .*\n--options: expected JSON, got q/);
    expect(await beat('add', '--task', 't')).toMatchObject({
      code: 2,
      stderr: 'beat add: expected either the name of an entry, or -f FILE',
    });
    expect(await beat('add', '-f', 'none.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^none\.jsonl: cannot be read: /) as string,
    });
    expect(await beat('update', 'x')).toMatchObject({
      code: 2,
      stderr: 'beat update: name at least one field, such as --schedule 5m',
    });
  });
});

const missing = requireService('redis-server');

describe.skipIf(missing)(missing || 'stored entries on Redis', () => {
  test('a stored entry may start a chord although no declared entry does', async () => {
    await using server = await RedisServer.start();
    const env = { BEAT_BROKER_URL: server.url(), CELERY_RESULT_BACKEND: server.url() };
    await using leader = new BeatProcess({ cwd, env });
    await leader.waitForEvent('scheduling');
    const tasks = [
      { task: 'tasks.add', args: [1, 2] },
      { task: 'tasks.add', args: [3, 4] },
    ];
    const task = { chord: { header: tasks, body: { task: 'tasks.sum' } } };
    const definition = { name: 'sum', task, schedule: 0.3 };
    writeFileSync(join(cwd, 'entries.jsonl'), JSON.stringify(definition));
    const added = await callBeat(['add', '-f', 'entries.jsonl'], { cwd, env });
    expect(added).toMatchObject({ code: 0, stderr: '' });
    await leader.waitForRuns(1);
    expect(await server.client.keys('celery-taskset-meta-*.s')).not.toEqual([]);
  });

  test('a follower continues the stored entries of a leader that was killed', async () => {
    await using server = await RedisServer.start();
    const env = { BEAT_BROKER_URL: server.url() };
    const send = (...args: string[]) => callBeat(args, { cwd, env });
    await using leader = new BeatProcess({ cwd, env });
    await leader.waitForEvent('scheduling');
    await using follower = new BeatProcess({ cwd, env });
    await follower.waitForEvent('following');
    const flags = ['--task', 'tasks.digest', '--schedule', '200ms'];
    const missed = ['--options', '{"queue": "celery"}'];
    expect(await send('add', 'digest', ...flags, ...missed)).toMatchObject({ code: 0 });
    await leader.waitForRuns(2);
    await leader.kill();
    // No instance leads now: the command waits.
    const paused = await send('pause', 'digest', '--no-wait');
    expect(paused.code).toBe(0);
    expect(await follower.waitForEvent('command')).toMatchObject({ answer: 'paused digest' });
    expect(await send('resume', 'digest')).toMatchObject({ code: 0 });
    await follower.waitForRuns(2);
    const queued = await readRedisQueue(server.client);
    expect(findDuplicates(queued)).toEqual([]);
    expect(new Set(queued.map(({ entry }) => entry))).toEqual(new Set(['digest']));
  });
});
