import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatProcess, type LogLine } from '../support/beat-process.ts';
import { callBeat } from '../support/call-beat.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const CONFIG = `
resultExpires: null
lock: { ttl: 2s }
beatSchedule:
  backup: { task: tasks.backup, schedule: 1d }
  quick: { task: tasks.quick, schedule: 0.1 }
  hourly: { task: tasks.hourly, schedule: { crontab: { minute: 0 } } }
`;

let folder: Folder;
let cwd: string;
beforeEach(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterEach(() => folder[Symbol.dispose]());

const beat = (...args: string[]) => callBeat(args, { cwd });

describe('on the embedded store', () => {
  test('beat run publishes a run now, beside the schedule', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    const answer = await beat('run', 'backup', '--reason', 'before the migration');
    expect(answer).toMatchObject({ code: 0, stdout: 'published a run of backup', stderr: '' });
    const line = await leader.waitForEvent('command');
    const sent = leader.sent.filter(({ entry }) => entry === 'backup');
    expect(sent).toMatchObject([{ task: 'tasks.backup', cause: 'manual' }]);
    expect(line).toMatchObject({ do: 'run', entry: 'backup', reason: 'before the migration', status: 'applied' });
  });

  test('beat pause stops the runs of one entry, and beat resume reports what was skipped', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForRuns(2);
    expect(await beat('pause', 'quick')).toMatchObject({ code: 0, stdout: 'paused quick' });
    const paused = await leader.waitForEvent('command');
    const { stdout } = await beat('list', '--json');
    const rows = stdout.split('\n').map((line) => JSON.parse(line) as { entry: string });
    expect(rows.find(({ entry }) => entry === 'quick')).toMatchObject({
      paused: { until: null, reason: null },
      nextDueAt: null,
    });
    expect((await beat('resume', 'quick')).stdout).toMatch(/^resumed quick; \d+ skipped/);
    const from = leader.log.all.indexOf(paused);
    const resumed = await leader.waitForEvent('command', from + 1);
    const next = await leader.waitForEvent('sent', from);
    expect(leader.log.all.indexOf(next)).toBeGreaterThan(leader.log.all.indexOf(resumed));
    // A busy machine may also be late, so that runs are coalesced.
    const isPaused = ({ event, entry, reason }: LogLine) =>
      event === 'skipped' && entry === 'quick' && reason === 'paused';
    await leader.log.first('the occurrences of the pause', isPaused, from);
  });

  test('beat skip names the occurrence that it skips, and beat list shows it', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    const { code, stdout } = await beat('skip', 'hourly');
    expect(code).toBe(0);
    const [, skipped] = /^hourly skips the run of (\S+)$/.exec(stdout) ?? [];
    const rows = (await beat('list', '--json')).stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { entry: string; skipping: string[]; nextDueAt: string });
    const hourly = rows.find(({ entry }) => entry === 'hourly');
    expect(hourly?.skipping).toEqual([skipped]);
    expect(Date.parse(hourly!.nextDueAt) - Date.parse(skipped!)).toBe(3_600_000);
  });

  test('beat backfill shows its runs and needs a confirmation', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    const time = ['--from', '2026-01-01T00:00:00Z', '--to', '2026-01-01T10:00:00Z'];
    const asked = await beat('backfill', 'hourly', ...time);
    expect(asked.code).toBe(1);
    expect(asked.stdout).toMatch(/^10 runs of hourly/);
    expect(asked.stderr).toContain('--yes');
    const done = await beat('backfill', 'hourly', ...time, '--yes');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/published 10 runs of hourly$/);
    await leader.waitForEvent('command');
    const sent = leader.sent.filter(({ entry }) => entry === 'hourly');
    expect(sent.map(({ cause }) => cause)).toEqual(Array(10).fill('backfill'));
    expect(new Set(sent.map(({ taskId }) => taskId)).size).toBe(10);
  });

  test('a command that is rejected ends with 1 and the reason', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    expect(await beat('pause', 'bakup')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'beat: rejected: no entry "bakup"; did you mean "backup"?',
    });
    expect(await beat('resume', 'backup')).toMatchObject({
      code: 1,
      stderr: 'beat: rejected: entry "backup" is not paused; beat list shows which are',
    });
    const json = await beat('resume', 'backup', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'rejected', do: 'resume' });
    expect(json.code).toBe(1);
  });

  test('a command waits in the log until an instance leads', async () => {
    const sent = await beat('pause', 'quick', '--no-wait');
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(/^stored command [0-9a-f-]{36}$/);
    await using leader = new BeatProcess({ cwd });
    expect(await leader.waitForEvent('command')).toMatchObject({ do: 'pause', status: 'applied' });
  });

  test('a malformed command in the store is removed, and the next one is applied', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    using db = new DatabaseSync(`${cwd}/beat.sqlite`);
    const append = db.prepare(`INSERT INTO beat_command (prefix, json) VALUES ('beat', ?)`);
    append.run('{"id": "broken');
    append.run('{"id": "no-such", "do": "explode"}');
    expect(await beat('run', 'backup')).toMatchObject({ code: 0 });
    expect(db.prepare('SELECT json FROM beat_command').all()).toEqual([]);
    const find = db.prepare(`SELECT json FROM beat_audit WHERE id = 'no-such'`);
    expect(find.get()?.['json']).toContain('do: expected one of pause');
    await leader.log.first('the command', ({ event, status }) => event === 'command' && status === 'applied');
    expect(leader.log.all.filter(({ event }) => event === 'command')).toMatchObject([
      { level: 'warn', status: 'rejected' },
      { level: 'warn', status: 'rejected' },
      { status: 'applied' },
    ]);
  });

  test('the example in Python appends a command and reads its answer', async () => {
    await using leader = new BeatProcess({ cwd });
    await leader.waitForEvent('scheduling');
    expect(await runPython(example('sqlite3'), cwd)).toBe('applied');
  });
});

describe.skipIf(requireService('redis-server'))('on Redis', () => {
  test('the example in Python appends a command and reads its answer', async () => {
    await using server = await RedisServer.start();
    const url = `redis://127.0.0.1:${server.port}/0`;
    await using leader = new BeatProcess({ cwd, env: { BEAT_BROKER_URL: url } });
    await leader.waitForEvent('scheduling');
    const python = example('redis').replace('redis://localhost:6379/0', url);
    expect(await runPython(python, cwd)).toBe('applied');
    expect(await leader.waitForEvent('command')).toMatchObject({ do: 'pause', by: 'deploy.py' });
  });
});

/** The example of `docs/commands.md` that imports a module. */
function example(module: string): string {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  const found = [...page.matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code!);
  return found.find((code) => new RegExp(`^import .*\\b${module}\\b`, 'm').test(code))!;
}

async function runPython(code: string, cwd: string): Promise<string> {
  const lines: string[] = [];
  const errors: string[] = [];
  await using child = new Child('/usr/bin/python3', ['-c', code], {
    cwd,
    env: {},
    lines: { 1: (line) => lines.push(line), 2: (line) => errors.push(line) },
  });
  await child.exited;
  return [...lines, ...errors].join('\n');
}
