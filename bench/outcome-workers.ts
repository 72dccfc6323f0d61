// Ends tasks as Celery's workers do: node outcome-workers.ts REDIS_URL RATE FROM COUNT [events]
// FROM is in epoch milliseconds; task `run-<i>` ends `i / RATE` seconds after it. With `events` they send task events.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

const [url = '', ...numbers] = process.argv.slice(2);
const [rate, from, count] = numbers.map(Number) as [number, number, number];
const sendsEvents = numbers.includes('events');
const redis = new Redis(url);

/** A worker sends at most so many events at once. */
const EVENTS_AT_ONCE = 24;

function toDocument(taskId: string): string {
  const ended = { status: 'SUCCESS', result: { rows: 1_234, path: '/var/reports/daily.csv' } };
  const date = new Date().toISOString().slice(0, 23);
  return JSON.stringify({ ...ended, traceback: null, children: [], date_done: date, task_id: taskId });
}

/** All events of a task, with the fields that make them long. */
function listEvents(uuid: string): readonly object[] {
  const about = { uuid, hostname: 'celery@bench', timestamp: Date.now() / 1_000, pid: 1, clock: 1 };
  const received = { name: 'reports.build', args: '()', kwargs: '{}', root_id: uuid, retries: 0 };
  return [
    { ...about, ...received, type: 'task-received' },
    { ...about, type: 'task-started' },
    { ...about, type: 'task-succeeded', result: "{'rows': 1234}", runtime: 0.4 },
  ];
}

function toEnvelope(events: readonly object[]): string {
  const text = Buffer.from(JSON.stringify(events)).toString('base64');
  const content = { 'content-type': 'application/json', 'content-encoding': 'utf-8' };
  return JSON.stringify({ body: text, ...content, properties: { body_encoding: 'base64' } });
}

for (let i = 0; i < count;) {
  const due = Math.min(count, Math.floor(((Date.now() - from) * rate) / 1_000));
  const pipeline = redis.pipeline();
  const ended: string[] = [];
  for (; i < due; i++) ended.push(`run-${i}`);
  for (const taskId of ended) pipeline.set(`celery-task-meta-${taskId}`, toDocument(taskId));
  const events = sendsEvents ? ended.flatMap(listEvents) : [];
  for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
    pipeline.publish('/0.celeryev/task.multi', toEnvelope(events.slice(at, at + EVENTS_AT_ONCE)));
  }
  await pipeline.exec();
  await delay(10);
}
await redis.quit();
