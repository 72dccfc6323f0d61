import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BeatProcess, runBeat } from '../support/beat-process.ts';
import manifest from '../../package.json' with { type: 'json' };
import { Folder } from '../support/folder.ts';
import { RedisServer } from '../support/redis.ts';

const HOOK = join(import.meta.dirname, '../support/list-modules.mjs');

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const list = () => join(folder.path, 'modules.txt');
const env = () => ({ NODE_OPTIONS: `--import=${HOOK}`, LIST_MODULES_TO: list() });
const modules = () => new Set(readFileSync(list(), 'utf8').trimEnd().split('\n'));
/** The packages that beat depends on directly. */
const loaded = () => [...modules()].filter((name) => name in manifest.dependencies).sort();

/** Returns the packages that a start loads until it has sent one task. */
async function start(config: object, args: readonly string[] = []): Promise<string[]> {
  folder.write('beat.config.json', JSON.stringify(config));
  await using beat = new BeatProcess({ cwd: folder.path, env: env(), args });
  if (args.length > 0) await beat.lines.first('a run', (line) => line.includes('Sending due'));
  else await beat.waitForRuns(1);
  await beat.stop();
  return loaded();
}

const entry = { task: 'tasks.quick', schedule: 0.1 };
const crontab = { task: 'tasks.never', schedule: { crontab: { minute: 0, monthOfYear: 1 } } };

/** The packages that every start loads. */
const BASE = ['commander', 'jsonc-parser', 'pino', 'tinyqueue', 'zod'];

test('loaded packages: a start with a JSON configuration, crontabs and a JSON log loads only the common ones', async () => {
  expect(await start({ beatSchedule: { quick: entry, crontab } })).toEqual(BASE);
});

test('loaded packages: an idle leader on Redis loads one client, and neither HTTP nor the clients of other stores', async () => {
  await using redis = await RedisServer.start();
  expect(await start({ beatSchedule: { quick: entry, crontab }, brokerUrl: redis.url() })).toEqual(
    [...BASE, 'ioredis', 'redlock'].sort(),
  );
});

test.each(['check', 'next', 'list'])('loaded packages: beat %s loads neither the log nor a client', async (command) => {
  folder.write('beat.config.json', JSON.stringify({ beatSchedule: { crontab } }));
  await runBeat([command], { cwd: folder.path, env: env() });
  const others = { check: [], next: ['tinyqueue'], list: ['cronstrue', 'tinyqueue'] }[command]!;
  expect(loaded()).toEqual(['commander', 'jsonc-parser', 'zod', ...others].sort());
});

test('loaded packages: beat check loads no leader, and a healthcheck no configuration', async () => {
  folder.write('beat.config.json', JSON.stringify({ beatSchedule: { crontab } }));
  await runBeat(['check'], { cwd: folder.path, env: env() });
  expect(modules()).toContain('dist/config/resolve.js');
  expect(modules()).not.toContain('dist/leader/beat.js');
  folder.write('modules.txt', '');
  await runBeat(['healthcheck'], { cwd: folder.path, env: env() });
  expect(modules()).toContain('dist/cli/service/health.js');
  expect(modules()).not.toContain('zod');
});

test.each([
  ['yaml', 'yaml', { options: { serializer: 'yaml' } }],
  ['msgpack', '@msgpack/msgpack', { options: { serializer: 'msgpack' } }],
  ['lzma', 'lzma1', { options: { compression: 'lzma' } }],
])('loaded packages: an entry with %s loads one more', async (_name, name, options) => {
  const beatSchedule = { quick: { ...entry, ...options } };
  expect(await start({ beatSchedule })).toEqual([...BASE, name].sort());
});

test('loaded packages: a solar entry loads one more', async () => {
  const solar = { event: 'sunrise', latitude: 59.9, longitude: 10.7 };
  const beatSchedule = { quick: entry, sunrise: { task: 't', schedule: { solar } } };
  expect(await start({ beatSchedule })).toEqual([...BASE, 'astronomy-engine'].sort());
});

test('loaded packages: an instant loads one more', async () => {
  const beatSchedule = { quick: entry, once: { task: 't', schedule: { at: '2099-01-01T00:00:00Z' } } };
  expect(await start({ beatSchedule })).toEqual([...BASE, 'luxon'].sort());
});

test('loaded packages: a calendar file loads one more', async () => {
  folder.write('off.ics', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200101\nEND:VEVENT\nEND:VCALENDAR');
  const calendars = { off: { ics: 'off.ics' } };
  expect(await start({ calendars, beatSchedule: { quick: entry } })).toEqual([...BASE, 'ical.js'].sort());
});

test('loaded packages: a start with --http loads four more', async () => {
  const config = { beatSchedule: { quick: entry }, http: { port: 0 } };
  expect(await start(config)).toEqual([...BASE, '@hono/node-server', 'birpc', 'hono', 'prom-client'].sort());
});

test('loaded packages: a text log loads more', async () => {
  const packages = await start({ beatSchedule: { quick: entry } }, ['--log-format', 'text']);
  expect(packages).toContain('pino-pretty');
});

test('loaded packages: only a YAML configuration with an alias loads another, as only the descriptions of beat list', async () => {
  const check = async (yaml: string) => {
    folder.write('beat.config.yaml', yaml);
    await runBeat(['check'], { cwd: folder.path, env: env() });
    return loaded();
  };
  expect(await check('beatSchedule: {a: {task: t, schedule: {crontab: {minute: 0}}}}')).not.toContain('yaml');
  expect(await check('beatSchedule:\n  a: &a {task: t, schedule: 5}\n  b: *a')).toContain('yaml');
  expect(loaded()).not.toContain('cronstrue');
  await runBeat(['list'], { cwd: folder.path, env: env() });
  expect(loaded()).toContain('cronstrue');
});

test.each([
  ['sqla+postgresql', 'pg', 'mysql2'],
  ['sqla+mysql', 'mysql2', 'pg'],
])('loaded packages: a store in %s loads %s and not %s', async (scheme, own, other) => {
  folder.write('beat.config.json', JSON.stringify({ beatSchedule: { crontab } }));
  // Nothing listens there: the driver is loaded, and its first connection fails.
  const url = `${scheme}://127.0.0.1:1/celery`;
  await runBeat(['list', '-b', url], { cwd: folder.path, env: env() });
  expect(loaded()).toContain(own);
  expect(loaded()).not.toContain(other);
});
