// Ends tasks as Celery's workers do: node outcome-workers.ts REDIS_URL RATE FROM COUNT
// FROM is in epoch milliseconds; task `run-<i>` ends `i / RATE` seconds after it.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

const [url = '', ...numbers] = process.argv.slice(2);
const [rate, from, count] = numbers.map(Number) as [number, number, number];
const redis = new Redis(url);

function toDocument(taskId: string): string {
  const ended = { status: 'SUCCESS', result: { rows: 1_234, path: '/var/reports/daily.csv' } };
  const date = new Date().toISOString().slice(0, 23);
  return JSON.stringify({
    ...ended,
    traceback: null,
    children: [],
    date_done: date,
    task_id: taskId,
  });
}

for (let i = 0; i < count;) {
  const due = Math.min(count, Math.floor(((Date.now() - from) * rate) / 1_000));
  const pipeline = redis.pipeline();
  for (; i < due; i++) pipeline.set(`celery-task-meta-run-${i}`, toDocument(`run-${i}`));
  await pipeline.exec();
  await delay(10);
}
await redis.quit();
