import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CELERIES, type Celery, NEWEST, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { Wheel } from '../support/wheel.ts';

const APP = `
import os
from celery import Celery
from celery.beat import Scheduler
from celery.schedules import schedule

app = Celery('proj', broker=os.environ['URL'])
app.conf.beat_schedule = {'greet': {'task': 'proj.greet', 'schedule': 1.0, 'args': ['world']}}

@app.task(queue='declared')
def greet(name):
    print('hello ' + name)

@app.on_after_configure.connect
def add(sender, **kwargs):
    sender.add_periodic_task(1.0, greet.s('added'), name='added in on_after_configure')
    if os.environ.get('CUSTOM'):
        sender.add_periodic_task(Custom(5.0), greet.s('custom'), name='custom')

class Custom(schedule):
    pass

class Unreachable(Scheduler):
    def setup_schedule(self):
        raise ConnectionError('the database is down')

if os.environ.get('DOWN'):
    app.conf.beat_scheduler = 'proj:Unreachable'
`;

let wheel: Wheel | string = 'not installed';
beforeAll(() => {
  wheel = Wheel.install();
}, 600_000);
afterAll(() => {
  if (typeof wheel !== 'string') wheel[Symbol.dispose]();
});

/**
 * Unbuffered, because Celery 5.2's worker loses a SIGTERM that arrives while it writes a line to standard error: its
 * handler prints to the same buffer, which Python rejects as a reentrant call, and `logging` drops that error.
 */
const PYTHON = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };

/** A process of Celery in a project of its own, with the lines that it prints. */
class Project extends Child {
  readonly lines = new Journal<string>();

  constructor(celery: Celery, folder: Folder, env: Record<string, string>, ...args: string[]) {
    const installed = (wheel as Wheel).with(celery);
    const add = (line: string) => this.lines.add(line);
    super(installed.python, ['-m', 'celery', '-A', 'proj', ...args], {
      cwd: folder.path,
      env: { ...PYTHON, ...installed.env, ...env },
      lines: { 1: (line) => add(line), 2: (line) => add(line) },
    });
    void this.exited.then(({ code }) => this.lines.end(`celery ended with ${code}`));
  }

  printed(what: string, from = 0): Promise<string> {
    return this.lines.first(what, (line) => line.includes(what), from);
  }
}

/** The process of beat below a worker: the child of its supervisor. */
function findBeat(worker: number): number {
  const children = (pid: number) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const all = children(worker).flatMap((child) => [child, ...children(child)]);
  return all.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('beat.js'))!;
}

const WORKER = ['worker', '-P', 'solo', '-l', 'info', '-Q', 'declared', '--without-mingle'];
const CARRYING = [...WORKER, '--beat', '--scheduler', 'celery_beat'];

for (const celery of CELERIES) {
  const missing = requireService('redis-server') || requireCelery(celery);
  describe.skipIf(missing)(missing || `the wheel with ${celery.name}`, () => {
    let redis: RedisServer;
    let folder: Folder;
    beforeAll(async () => {
      redis = await RedisServer.start();
      folder = new Folder({ 'proj.py': APP });
    });
    afterAll(async () => {
      await redis[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });
    const start = (env: Record<string, string>, ...args: string[]) =>
      new Project(celery, folder, { URL: redis.url(), ...env }, ...args);

    test('celery beat -S celery_beat becomes beat, with the schedules and task options of Python', async (context) => {
      if (typeof wheel === 'string') return context.skip(wheel);
      await redis.flush();
      const flags = ['-l', 'info', '--pidfile', 'beat.pid'];
      await using beat = start({}, 'beat', '-S', 'celery_beat', ...flags);
      await beat.printed('"event":"leading"');
      expect(readFileSync(join(folder.path, 'beat.pid'), 'utf8')).toBe(`${beat.pid}\n`);
      await using worker = start({}, ...WORKER);
      await worker.printed('hello world');
      await worker.printed('hello added');
      beat.signal('SIGTERM');
      expect(await beat.exited).toEqual({ code: 0, signal: null });
      expect(existsSync(join(folder.path, 'beat.pid'))).toBe(false);
    });

    test('celery worker --beat: each worker carries a beat, which ends with it, and another leads', async (context) => {
      if (typeof wheel === 'string') return context.skip(wheel);
      await redis.flush();
      await using first = start({}, ...CARRYING, '-n', 'first@x');
      await first.printed('"event":"leading"');
      await using second = start({}, ...CARRYING, '-n', 'second@x');
      await second.printed('"event":"following"');
      expect(second.lines.all.some((line) => line.includes('"event":"leading"'))).toBe(false);
      first.signal('SIGKILL');
      await second.printed('"event":"leading"');
      await second.printed('hello added', second.lines.all.length);
      second.signal('SIGTERM');
      await second.printed('"event":"stopped"');
    });

    test('celery worker --beat: a beat that is killed is an error in the log of the worker, and starts again', async (context) => {
      if (typeof wheel === 'string') return context.skip(wheel);
      await redis.flush();
      await using worker = start({}, ...CARRYING, '-n', 'restarting@x');
      await worker.printed('"event":"leading"');
      const node = findBeat(worker.pid);
      const from = worker.lines.all.length;
      process.kill(node, 'SIGKILL');
      expect(await worker.printed(`its process ${node} ended (SIGKILL)`, from)).toMatch(
        /ERROR.* beat: its process \d+ ended \(SIGKILL\); starting it again in 1 s$/,
      );
      await worker.printed('"event":"starting"', from);
      worker.signal('SIGTERM');
      await worker.printed('"event":"stopped"', from);
      await worker.exited;
    });

    test('a schedule class of Python ends the start with the name of its entry, unless the user gives it up', async (context) => {
      if (typeof wheel === 'string') return context.skip(wheel);
      const flags = ['beat', '-S', 'celery_beat', '-l', 'info', '--pidfile', 'refused.pid'];
      await using refused = start({ CUSTOM: '1' }, ...flags);
      expect(await refused.exited).toEqual({ code: 1, signal: null });
      expect(refused.lines.all.join('\n')).toMatch(/entries that beat cannot carry over: custom\./);
      expect(existsSync(join(folder.path, 'refused.pid'))).toBe(false);
      await using partial = start({ CUSTOM: '1', CELERY_BEAT_PARTIAL: '1' }, ...flags);
      await partial.printed('"event":"leading"');
    });

    test('a worker whose scheduler cannot be read stops, instead of running without a schedule', async (context) => {
      if (typeof wheel === 'string') return context.skip(wheel);
      await using worker = start({ DOWN: '1' }, ...CARRYING);
      await worker.printed('not started: ConnectionError: the database is down');
      expect(await worker.exited).toEqual({ code: 0, signal: null });
    });
  });
}

const missing = requireService('rabbitmq-server') || requireCelery(NEWEST);
describe.skipIf(missing)(missing || 'the wheel on RabbitMQ', () => {
  test('workers that carry beats need a store for the lock', async (context) => {
    if (typeof wheel === 'string') return context.skip(wheel);
    await using rabbit = await borrowRabbit();
    await using redis = await RedisServer.start();
    using folder = new Folder({ 'proj.py': APP });
    const URL = rabbit.url();
    await using refused = new Project(NEWEST, folder, { URL }, ...CARRYING);
    await refused.printed('RabbitMQ cannot hold the lock');
    expect(await refused.exited).toEqual({ code: 0, signal: null });
    const env = { URL, BEAT_STATE_URL: redis.url() };
    await using worker = new Project(NEWEST, folder, env, ...CARRYING);
    await worker.printed('hello added');
  });
});
