import { beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker, type Celery, type TaskRan } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { Journal } from '../support/journal.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import { RedisServer } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { beatSchedule, CANVASES, FAILING, LINKED } from './canvas.config.ts';

/** The result that a worker stores in the result backend and publishes on the channel of that name. */
interface Meta {
  readonly task_id: string;
  readonly status: string;
  readonly result: unknown;
  readonly group_id?: string;
}

/** What beat sent for each canvas, and the results. */
interface Outcome {
  readonly sent: readonly SentLine[];
  readonly metas: readonly Meta[];
  readonly ran: readonly TaskRan[];
}

const schedule = beatSchedule();
const BROKERS = ['Redis', 'RabbitMQ'] as const;
const noServer = requireService('redis-server') || requireService('rabbitmq-server');

for (const celery of CELERIES) {
  const missing = noServer || requireCelery(celery);
  const name = `Celery ${findCelery(celery)?.version ?? ''}`;

  describe.skipIf(missing)(missing || name, () => {
    const outcomes: Partial<Record<(typeof BROKERS)[number], Outcome>> = {};

    beforeAll(async () => {
      const taken = await Promise.all(BROKERS.map((broker) => take(celery, broker)));
      for (const [i, broker] of BROKERS.entries()) outcomes[broker] = taken[i]!;
    });

    describe.for(BROKERS)('sent through %s', (broker) => {
      test.for(Object.entries(CANVASES))('canvas: returns its result: %s', ([entry, { result }]) => {
        const { sent, metas } = outcomes[broker]!;
        const runs = sent.filter((line) => line.entry === entry);
        expect(runs.length).toBeGreaterThan(0);
        for (const { taskId } of runs) expect(resultUnder(taskId, metas)).toEqual(result);
      });

      test.for(Object.entries(LINKED))('canvas: calls its callback with its result: %s', ([, { value }]) => {
        const calls = outcomes[broker]!.ran.filter(isCall('tasks.linked'));
        expect(calls.map(({ args }) => args)).toContainEqual([value]);
      });

      test('canvas: calls errbacks with the id of the failed task, step of a chain or chord body', () => {
        const { sent, ran } = outcomes[broker]!;
        const failed = ran.filter(({ state }) => state === 'FAILURE').map(({ id }) => id);
        const caught = ran.filter(isCall('tasks.caught')).map(({ args }) => args[0] as string);
        const bodies = sent.filter(({ entry }) => entry === 'a chord that fails').map(idOf);
        expect(bodies.length).toBeGreaterThan(0);
        for (const id of bodies) expect(caught).toContain(id);
        for (const id of caught) expect([...failed, ...bodies]).toContain(id);
      });
    });
  });
}

/** Runs the built beat until it has sent every canvas, and a worker until it has run them all. */
async function take(celery: Celery, broker: (typeof BROKERS)[number]): Promise<Outcome> {
  await using redis = await RedisServer.start();
  const rabbit = broker === 'RabbitMQ' ? await borrowRabbit() : null;
  const [brokerUrl, resultBackend] = [rabbit?.url() ?? redis.url(2), redis.url(3)];
  const config = { brokerUrl, resultBackend, beatSchedule: schedule };
  using folder = new Folder(
    rabbit ? { 'beat.config.yaml': stringify(config) } : { 'beat.config.json': JSON.stringify(config) },
  );
  const cwd = folder.path;
  const results = await listenTo(redis);
  const queues = ['celery', 'reports'];
  await using worker = new Worker(celery, { brokerUrl, resultBackend, cwd, queues });
  await using beat = new BeatProcess({ cwd });
  await beat.log.until('a run of every entry', () => {
    const sent = new Set(beat.sent.map(({ entry }) => entry));
    return sent.size === Object.keys(schedule).length || undefined;
  });
  await beat.stop();
  const { sent } = beat;
  await results.journal.until('all results', (all) => areDone(sent, all) || undefined);
  await worker.reports.until('all callbacks', () => areCalled(sent, worker.ran) || undefined);
  // Killed rather than stopped: Celery's solo pool would requeue the task that it is running.
  await worker.kill();
  results.close();
  await rabbit?.stop();
  return { sent, metas: results.journal.all, ran: worker.ran };
}

const idOf = ({ taskId }: SentLine) => taskId;
const isCall = (task: string) => (run: TaskRan) => run.task === task;

async function listenTo(redis: RedisServer) {
  const journal = new Journal<Meta>();
  const subscriber = redis.client.duplicate();
  subscriber.on('pmessage', (_pattern, _channel, text: string) => {
    journal.add(JSON.parse(text) as Meta);
  });
  await subscriber.psubscribe('celery-task-meta-*');
  return { journal, close: () => subscriber.disconnect() };
}

/** Sorts a group's results, because workers do not report the order of its tasks. */
function resultUnder(id: string, metas: readonly Meta[]): unknown {
  const succeeded = metas.filter(({ status }) => status === 'SUCCESS');
  const one = succeeded.find((meta) => meta.task_id === id);
  if (one) return one.result;
  const parts = succeeded.filter((meta) => meta.group_id === id);
  const results = [...new Map(parts.map((meta) => [meta.task_id, meta.result])).values()];
  return {
    each: results.toSorted((a, b) => Number(Array.isArray(a)) - Number(Array.isArray(b)) || Number(a) - Number(b)),
  };
}

function areDone(sent: readonly SentLine[], metas: readonly Meta[]): boolean {
  const runs = sent.filter(({ entry }) => entry in CANVASES);
  return runs.every(({ entry, taskId }) => {
    const wanted = CANVASES[entry]!.result;
    const found = resultUnder(taskId, metas);
    return isGroup(wanted) ? isGroup(found) && found.each.length === wanted.each.length : !isGroup(found);
  });
}

function isGroup(result: unknown): result is { readonly each: readonly unknown[] } {
  return typeof result === 'object' && result !== null && 'each' in result;
}

function areCalled(sent: readonly SentLine[], ran: readonly TaskRan[]): boolean {
  const runsOf = (entries: object) => sent.filter(({ entry }) => entry in entries).length;
  const linked = ran.filter(isCall('tasks.linked')).length;
  const caught = ran.filter(isCall('tasks.caught')).length;
  return linked >= runsOf(LINKED) && caught >= runsOf(FAILING);
}
