import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BeatProcess } from '../support/beat-process.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';

const SUPPORT = join(import.meta.dirname, '../support');
const INSTRUMENTATION = ['opentelemetry.sdk', 'opentelemetry.instrumentation.celery'] as const;

const noInstrumentation =
  findCelery(NEWEST, ...INSTRUMENTATION) === null &&
  'opentelemetry-instrumentation-celery is not installed (npx node scripts/services.ts)';
const missing = requireService('redis-server') || requireCelery(NEWEST) || noInstrumentation;

interface WorkerSpan {
  readonly name: string;
  readonly traceId: string;
  readonly parentId: string | null;
}

test.skipIf(missing)(missing || "a worker with Celery's instrumentation continues the trace of beat", async () => {
  await using redis = await RedisServer.start();
  using folder = new Folder();
  const beatSchedule = { traced: { task: 'tasks.traced', schedule: 1 } };
  folder.write('beat.config.json', JSON.stringify({ brokerUrl: redis.url(), beatSchedule }));
  const spans = new Journal<WorkerSpan>();
  const { python } = findCelery(NEWEST)!;
  const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
  const command = ['-m', 'celery', '-A', 'traced_tasks', 'worker', '-P', 'solo', ...alone];
  await using _worker = new Child(python, command, {
    cwd: folder.path,
    env: { PYTHONPATH: SUPPORT, PYTHONDONTWRITEBYTECODE: '1', CELERY_BROKER_URL: redis.url() },
    lines: { 1: () => {}, 2: () => {}, 3: (line) => spans.add(JSON.parse(line) as WorkerSpan) },
  });
  const env = { NODE_OPTIONS: `--import=${join(SUPPORT, 'otel-register.mjs')}` };
  await using beat = new BeatProcess({ cwd: folder.path, env });
  const span = await beat.waitForEvent('span');
  expect(span).toMatchObject({ name: 'apply_async/tasks.traced' });
  const ran = await spans.first('the run', ({ traceId }) => traceId === span['traceId']);
  expect(ran).toMatchObject({ name: 'run/tasks.traced', parentId: span['spanId'] });
});
