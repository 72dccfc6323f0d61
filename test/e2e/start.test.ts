import { once } from 'node:events';
import { createServer } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BeatProcess, runBeat, type LogLine } from '../support/beat-process.ts';
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const CONFIG = `
brokerUrl: sqla+sqlite:///of-the-file.sqlite
lock: { ttl: 1s }
beatSchedule:
  quick: { task: tasks.quick, schedule: 0.2 }
`;

let folder: Folder;
let cwd: string;
beforeAll(() => {
  folder = new Folder({ 'beat.config.yaml': CONFIG });
  cwd = folder.path;
});
afterAll(() => folder[Symbol.dispose]());

test.each(['SIGTERM', 'SIGINT'] as const)(
  'beat start: %s ends it with exit code 0 and releases the lock',
  async (signal) => {
    await using beat = new BeatProcess({ cwd });
    await beat.waitForRuns(1);
    beat.signal(signal);
    expect(await beat.exited).toEqual({ code: 0, signal: null });
    expect(await beat.waitForEvent('stopping')).toMatchObject({ signal });
    using db = new DatabaseSync(`${cwd}/of-the-file.sqlite`);
    expect(db.prepare('SELECT * FROM beat_lock').all()).toEqual([]);
  },
);

/** Returns the first log line of a start, with its settings. */
const starting = async (env: Record<string, string>, ...args: string[]): Promise<LogLine> => {
  await using beat = new BeatProcess({ cwd, env, args });
  return await beat.waitForEvent('starting');
};
const sqlite = (name: string) => `sqla+sqlite:///${name}.sqlite`;

test('configuration: the broker comes from the flag, else BEAT_BROKER_URL, else CELERY_BROKER_URL, else the file', async () => {
  const celery = { CELERY_BROKER_URL: sqlite('celery') };
  const both = { ...celery, BEAT_BROKER_URL: sqlite('beat') };
  expect(await starting({})).toMatchObject({ broker: sqlite('of-the-file') });
  expect(await starting(celery)).toMatchObject({ broker: sqlite('celery') });
  expect(await starting(both)).toMatchObject({ broker: sqlite('beat') });
  expect(await starting(both, '-b', sqlite('flag'))).toMatchObject({ broker: sqlite('flag') });
});

test('configuration: reads each variable from the file that its _FILE form names', async () => {
  const env = {
    BEAT_CONFIG_FILE: folder.write('config.secret', 'beat.config.yaml\n'),
    BEAT_BROKER_URL_FILE: folder.write('broker.secret', `${sqlite('secret')}\n`),
    BEAT_LOG_LEVEL_FILE: folder.write('level.secret', 'DEBUG\n'),
  };
  await using beat = new BeatProcess({ cwd, env });
  expect(await beat.waitForEvent('starting')).toMatchObject({ broker: sqlite('secret') });
  expect(await beat.waitForEvent('tick')).toMatchObject({ level: 'debug' });

  const CELERY_BROKER_URL_FILE = folder.write('celery.secret', sqlite('celery-secret'));
  expect(await starting({ CELERY_BROKER_URL_FILE })).toMatchObject({ broker: sqlite('celery-secret') });
});

test('configuration: reads the file of BEAT_CONFIG, unless -c names another', async () => {
  folder.write('other.json', '{"beatSchedule": {}, "timezone": "Asia/Tokyo"}');
  folder.write('third.json', '{"beatSchedule": {}, "timezone": "Europe/Oslo"}');
  const env = { BEAT_CONFIG: 'other.json', BEAT_BROKER_URL: sqlite('other') };
  expect(await starting(env)).toMatchObject({ timezone: 'Asia/Tokyo' });
  expect(await starting(env, '-c', 'third.json')).toMatchObject({ timezone: 'Europe/Oslo' });
});

test('configuration: BEAT_LOG_LEVEL limits the log, unless -l overrides it', async () => {
  const env = { BEAT_LOG_LEVEL: 'WARNING', BEAT_BROKER_URL: 'redis://127.0.0.1:1/0' };
  await using beat = new BeatProcess({ cwd, env });
  await beat.waitForEvent('failure');
  expect(new Set(beat.log.all.map(({ level }) => level))).toEqual(new Set(['warn']));
  await using louder = new BeatProcess({ cwd, env, args: ['-l', 'info'] });
  await louder.waitForEvent('failure');
  expect(louder.log.all[0]).toMatchObject({ event: 'starting', level: 'info' });
});

test('configuration: rejects a variable that is set twice, and a missing file, with exit code 2', async () => {
  const twice = { BEAT_BROKER_URL: sqlite('a'), BEAT_BROKER_URL_FILE: 'b' };
  expect(await runBeat([], { cwd, env: twice })).toMatchObject({
    code: 2,
    stderr: 'BEAT_BROKER_URL and BEAT_BROKER_URL_FILE are both set; unset one of them',
  });
  const { code, stderr } = await runBeat([], { cwd, env: { BEAT_CONFIG_FILE: 'missing' } });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^BEAT_CONFIG_FILE: cannot read "missing": /);
});

const missing = requireService('redis-server');
describe.skipIf(missing)(missing || 'on Redis', () => {
  test('beat start: never prints the password, neither at the start nor while Redis is unreachable', async () => {
    await using server = await RedisServer.start({ password: 'hunter2' });
    await using beat = new BeatProcess({ cwd, args: ['-b', server.url()] });
    expect(await beat.waitForEvent('starting')).toMatchObject({ broker: `redis://:**@127.0.0.1:${server.port}/0` });
    await beat.waitForRuns(1);
    await server.kill();
    await beat.waitForEvent('failure');
    await beat.stop();
    expect(JSON.stringify([beat.log.all, beat.errors])).not.toContain('hunter2');

    const wrong = server.url().replace('hunter2', 'hunter3');
    await server.start();
    await using refused = new BeatProcess({ cwd, args: ['-b', wrong] });
    expect(await refused.waitForEvent('failure')).toMatchObject({ level: 'warn' });
    await refused.stop();
    expect(JSON.stringify([refused.log.all, refused.errors])).not.toContain('hunter3');
  });

  test('beat start: keeps running while Redis is down, reports it once, and sends when it is back', async () => {
    await using server = await RedisServer.start();
    await server.kill();
    // Replaces a server that is down, and counts the attempts to connect.
    let tries = 0;
    const down = createServer((socket) => socket.destroy(void (tries += 1)));
    down.listen(server.port, '127.0.0.1');
    await once(down, 'listening');

    await using beat = new BeatProcess({ cwd, args: ['-b', server.url()] });
    await beat.waitForEvent('failure');
    for (const before = tries; tries < before + 3;) await once(down, 'connection');
    const said = beat.log.all.filter(({ event }) => event === 'failure');
    down.close();
    await server.start();
    await beat.waitForRuns(3);
    expect(await beat.stop()).toEqual({ code: 0, signal: null });

    expect(said.map(({ operation }) => operation)).toEqual([{ kind: 'lock', action: 'acquire' }]);
    expect(said[0]?.msg).toMatch(/^Redis unreachable \(.+\); this instance cannot lead, retrying$/);
    expect(await beat.waitForEvent('following')).toMatchObject({ reason: 'the lock cannot be reached' });
    expect(await beat.waitForEvent('recovered')).toMatchObject({ operation: { kind: 'lock', action: 'acquire' } });
    expect(await server.client.llen('celery')).toBe(beat.sent.length);
    expect(await server.client.exists('beat:lock')).toBe(0);
  });

  test('beat start: ends at once on a second signal, even while Redis hangs', async () => {
    await using server = await RedisServer.start();
    await using beat = new BeatProcess({ cwd, args: ['-b', server.url()] });
    await beat.waitForRuns(1);
    server.freeze();
    beat.signal('SIGINT');
    await beat.waitForEvent('stopping');
    beat.signal('SIGTERM');
    expect(await beat.exited).toEqual({ code: 128 + 15, signal: null });
    expect(beat.log.all.filter(({ event }) => event === 'stopped')).toEqual([]);
    server.thaw();
  });
});
