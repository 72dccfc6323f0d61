import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { start } from '../../../../src/cli/actions/start.ts';
import { VERSION } from '../../../../src/util/version.ts';
import { askHealth } from '../../../../src/cli/service/health.ts';
import { Folder } from '../../../support/folder.ts';
import { readLog } from '../../../support/log-file.ts';

const WORKER_FLAGS = { concurrency: 1, allow: 'declared', acks: 'late' } as const;

let folder: Folder;
let path: string;
/** The listeners of the process before the test; those that `start` adds are removed after it. */
let before: Map<string, readonly unknown[]>;
const EVENTS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'exit'];

beforeEach(() => {
  folder = new Folder({
    'beat.config.yaml': `
brokerUrl: memory://
timezone: Europe/Oslo
taskSendSentEvent: true
resultExpires: null
beatSchedule:
  yearly: { task: tasks.yearly, schedule: { cron: '0 0 1 1 *' } }
`,
  });
  path = join(folder.path, 'beat.log');
  vi.stubEnv('BEAT_RUNTIME_DIR', join(folder.path, 'runtime'));
  before = new Map(EVENTS.map((event) => [event, process.listeners(event as NodeJS.Signals)]));
});
afterEach(() => {
  for (const event of EVENTS) for (const listener of added(event)) process.off(event, listener);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  folder[Symbol.dispose]();
});

type Listener = (...args: unknown[]) => void;

function added(event: string): Listener[] {
  const known = before.get(event)!;
  return process.listeners(event as NodeJS.Signals).filter((each) => !known.includes(each)) as Listener[];
}

/** Delivers a signal to the listeners of `start`, but not to those of the test runner. */
function signal(name: string): void {
  for (const listener of added(name)) listener(name);
}

const flags = (more: object = {}) => ({
  ...{ config: join(folder.path, 'beat.config.yaml'), logfile: path, quiet: true, loglevel: 'debug', ...WORKER_FLAGS },
  ...more,
});
const run = (started: () => Promise<void>, more: object = {}) => start(started)(flags(more));
const events = () => readLog(path).map(({ event }) => event);

test.each(['SIGTERM', 'SIGINT'])('beat start: logs %s and exits with 0', async (name) => {
  const code = await run(async () => {
    expect(events()).toContain('starting');
    expect(events()).not.toContain('stopping');
    signal(name);
  });
  expect(code).toBe(0);
  const [starting, ...others] = readLog(path).filter(({ event }) => event === 'starting');
  expect(others).toEqual([]);
  expect(starting).toMatchObject({ version: VERSION, broker: 'memory://', msg: 'beat: Starting...' });
  const stopping = readLog(path).find(({ event }) => event === 'stopping');
  expect(stopping).toMatchObject({ signal: name, msg: `beat: Shutting down... (${name})` });
});

test('beat start: exits at once on the second signal, with its exit code', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await run(async () => {
    signal('SIGTERM');
    expect(exit).not.toHaveBeenCalled();
    signal('SIGINT');
  });
  expect(exit.mock.calls).toEqual([[130]]);
});

test('beat start: reloads the configuration on SIGHUP, and logs its warnings', async () => {
  await run(async () => {
    const text = readFileSync(flags().config, 'utf8').replace('yearly:', 'annual:');
    writeFileSync(flags().config, text);
    signal('SIGHUP');
    await vi.waitFor(() => expect(events()).toContain('reloaded'));
    expect(events()).not.toContain('stopping');
    signal('SIGTERM');
  });
  const reloaded = readLog(path).findIndex(({ event }) => event === 'reloaded');
  expect(readLog(path)[reloaded]).toMatchObject({
    level: 'info',
    added: 1,
    changed: 0,
    removed: 1,
    files: [flags().config],
    msg: `Configuration reloaded: 1 added, 0 changed, 1 removed (1 entry from ${flags().config})`,
  });
  const warnings = readLog(path)
    .slice(reloaded)
    .filter(({ event }) => event === 'configuration');
  expect(warnings).toMatchObject([{ level: 'warn', path: ['taskSendSentEvent'] }]);
});

test('beat start: keeps its configuration on SIGHUP if the files have errors', async () => {
  await run(async () => {
    writeFileSync(flags().config, 'beatSchedule: { a: { schedule: 5 } }');
    signal('SIGHUP');
    await vi.waitFor(() => expect(events()).toContain('reload-failed'));
    expect(await askHealth()).toMatchObject([
      { alive: true, reloadError: expect.stringContaining('beatSchedule.a.task: missing') as string },
    ]);
    signal('SIGTERM');
  });
  expect(readLog(path).find(({ event }) => event === 'reload-failed')).toMatchObject({
    level: 'error',
    msg: expect.stringMatching(
      /^Configuration not reloaded: .*beatSchedule\.a\.task: missing.*the configuration in force is unchanged/,
    ) as string,
  });
});

test('beat start: answers health checks until it ends', async () => {
  await run(async () => {
    expect(await askHealth()).toMatchObject([{ pid: process.pid, alive: true }]);
    signal('SIGTERM');
  });
  expect(await askHealth()).toEqual([]);
});

test('beat start: logs why health checks cannot reach it', async () => {
  vi.stubEnv('BEAT_RUNTIME_DIR', join(folder.path, 'no', 'such', 'folder'));
  await run(async () => signal('SIGTERM'));
  const notes = readLog(path).filter(({ event }) => event === 'healthcheck');
  expect(notes.map(({ level, msg }) => `${level} ${msg}`)).toContainEqual(
    expect.stringMatching(/^warn beat healthcheck cannot reach this instance/),
  );
});

test('beat start: logs notes about flags and configuration with their levels', async () => {
  await run(async () => signal('SIGTERM'), { app: 'proj' });
  const notes = readLog(path).filter(({ event }) => event === 'flag' || event === 'configuration');
  expect(notes).toMatchObject([
    { level: 'info', flag: '--app proj' },
    { level: 'warn', path: ['taskSendSentEvent'] },
  ]);
});

test('beat start: writes its pidfile after reading the configuration, and warns if it replaces one', async () => {
  const pidfile = join(folder.path, 'beat.pid');
  writeFileSync(pidfile, '');
  await run(
    async () => {
      expect(readFileSync(pidfile, 'utf8')).toBe(`${process.pid}\n`);
      signal('SIGTERM');
    },
    { pidfile },
  );
  expect(readLog(path).find(({ event }) => event === 'pidfile')).toMatchObject({
    level: 'warn',
    path: pidfile,
    msg: 'Broken pidfile found - Removing it.',
  });
  for (const listener of added('exit')) listener();
  expect(existsSync(pidfile)).toBe(false);
});

test('beat start: writes no pidfile if the configuration has errors', async () => {
  const pidfile = join(folder.path, 'beat.pid');
  const config = folder.write('wrong.yaml', 'beatSchedule: { a: { schedule: 5 } }');
  await expect(run(async () => {}, { pidfile, config })).rejects.toThrow('beatSchedule.a.task');
  expect(existsSync(pidfile)).toBe(false);
});
