import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { resolveSettings } from '../src/config/resolve.ts';
import type { Settings } from '../src/config/settings.ts';
import { storeOptions } from '../src/config/service/store-options.ts';
import { openEventStream } from '../src/drivers/open-consumer.ts';
import { openResultReader } from '../src/drivers/open-results.ts';
import { openState } from '../src/drivers/open-store.ts';
import { Events } from '../src/contracts/events/events.ts';
import { OutcomeFollower } from '../src/leader/outcomes/outcome-follower.ts';
import { TaskEvents } from '../src/leader/outcomes/task-events.ts';
import { systemClock } from '../src/util/system-clock.ts';
import { makeMessage } from '../test/support/message.ts';
import { RedisServer } from '../test/support/redis.ts';
import { percentile } from './stats.ts';
import { atMost, type Bench } from './table.ts';

const WORKERS = resolve(import.meta.dirname, 'outcome-workers.ts');
const RATE = 1_000;
/** Of one core. */
const WANTED_SHARE = 0.2;
/** How long a task runs. Milliseconds. */
const RUNTIME = 400;
const ENTRIES = 500;

interface Setup {
  readonly history: boolean;
  /** Whether workers send task events. */
  readonly taskEvents: boolean;
}

const SETUPS: readonly (Setup & { readonly what: string })[] = [
  { what: '1,000 outcomes/s', history: false, taskEvents: false },
  { what: '1,000 outcomes/s with history', history: true, taskEvents: false },
  { what: '1,000 outcomes/s with history and task events', history: true, taskEvents: true },
];

/** What a leader uses of a core to follow a thousand outcomes a second in Redis. */
export const outcomes: Bench = async ({ quick }) => {
  const seconds = quick ? 5 : 20;
  await using server = await RedisServer.start();
  const rows = [];
  for (const { what, ...setup } of SETUPS) {
    await server.flush();
    const { share, late } = await follow(server.url(), seconds * RATE, setup);
    const show = (value: number) => `${(100 * value).toFixed(1)} %`;
    rows.push({
      bench: 'outcomes',
      what,
      figure: show(share),
      wanted: atMost(WANTED_SHARE, share, show),
      behind: `of one core; known ${percentile(late, 50).toFixed(0)} ms after the end, p99 ${percentile(late, 99).toFixed(0)} ms`,
    });
  }
  return rows;
};

/** Publishes runs and follows them; returns the share of a core, and how late each outcome was known in milliseconds. */
async function follow(url: string, count: number, setup: Setup) {
  const settings = resolveSettings({ brokerUrl: url, resultBackend: url });
  const store = await openState(storeOptions(settings, systemClock));
  const reader = (await openResultReader(settings.results, systemClock))!;
  const events = new Events();
  const stream = setup.taskEvents ? await openEvents(settings) : null;
  const follower = new OutcomeFollower({
    reader,
    clock: systemClock,
    events,
    taskEvents: stream && new TaskEvents({ stream, clock: systemClock, random: Math.random, events }),
    ...(setup.history && { history: store.history }),
  });
  const late: number[] = [];
  events.on('outcome', ({ doneAt }) => late.push(Date.now() - doneAt!));
  const stop = new AbortController();
  const running = follower.run(stop.signal, () => []);
  const from = Date.now() + 1_000;
  const numbers = [RATE, from + RUNTIME, count].map(String);
  const argv = [WORKERS, url, ...numbers, ...(stream ? ['events'] : [])];
  const workers = spawn(process.execPath, argv, { stdio: 'inherit' });
  await delay(from - Date.now());
  const [before, started] = [process.cpuUsage(), performance.now()];
  const messages = [makeMessage('run')];
  for (let i = 0; late.length < count;) {
    const due = Math.min(count, Math.floor(((Date.now() - from) * RATE) / 1_000));
    for (; i < due; i++) {
      const run = { entry: `report-${i % ENTRIES}`, task: 'reports.build', taskId: `run-${i}` };
      const sent = { dueAt: from + i, sentAt: Date.now(), cause: 'schedule', term: 1 } as const;
      events.emit('sent', { ...run, ...sent, queue: 'celery', messages });
    }
    await delay(20);
  }
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1_000 / (performance.now() - started);
  stop.abort();
  await running;
  if (workers.exitCode === null) await once(workers, 'exit');
  await Promise.all([reader.close(), stream?.close(), store.close()]);
  return { share, late };
}

async function openEvents({ broker, connection, transport }: Settings) {
  const names = { exchange: 'celeryev', queuePrefix: 'celeryev' };
  return openEventStream(broker, { ...names, connection, transport, clock: systemClock });
}
