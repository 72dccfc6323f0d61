import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import type { SentEvent } from '../../src/events/beat-events.ts';
import { CELERIES, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Journal } from '../support/journal.ts';
import { RabbitServer } from '../support/rabbitmq.ts';
import { requireService } from '../support/services.ts';

const newest = CELERIES[1]!;
const missing = requireService('rabbitmq-server') || requireCelery(newest);

interface Told {
  readonly kind: 'ready' | 'ran';
  readonly at: number;
  readonly id: string;
  readonly eta: string;
  readonly routing_key: string;
}

/** The binary digits of the delay in the routing key, and the original routing key after them. */
const WAITED = /^([01]\.){28}jobs\.mail$/;

describe.skipIf(missing)(missing || 'a task with a countdown for a quorum queue', () => {
  let server: RabbitServer;

  const start = () => {
    const told = new Journal<Told>();
    const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const worker = ['-m', 'celery', '-A', 'quorum_tasks', 'worker', '-P', 'solo', ...alone];
    const child = new Child(findCelery(newest)!.python, worker, {
      env: {
        PYTHONPATH: join(import.meta.dirname, '../support'),
        PYTHONDONTWRITEBYTECODE: '1',
        CELERY_BROKER_URL: server.url(),
      },
      lines: { 3: (line) => told.add(JSON.parse(line) as Told) },
    });
    onTestFinished(async () => void (await child.kill()));
    void child.exited.then(() => told.end('the worker ended'));
    return told;
  };
  /** Makes beat send the task once, to run in two seconds. */
  const send = async (entry: string): Promise<SentEvent> => {
    const beat = new Beat({
      brokerUrl: server.url(),
      stateUrl: 'memory://',
      taskQueues: {
        work: {
          ...{ exchange: 'jobs', exchangeType: 'topic', routingKey: 'jobs.#' },
          queueArguments: { 'x-queue-type': 'quorum' },
        },
      },
      taskDefaultQueue: 'work',
      beatSchedule: {
        [entry]: {
          task: 'tasks.note',
          schedule: 1,
          options: { routingKey: 'jobs.mail', countdown: 2 },
        },
      },
    });
    onTestFinished(() => beat.stop());
    const sent = new Promise<SentEvent>((resolve) => beat.once('sent', resolve));
    await beat.start();
    const event = await sent;
    await beat.stop();
    return event;
  };
  const ranAs = (told: Journal<Told>, { taskId }: SentEvent) =>
    told.first('the task', ({ id }) => id === taskId);

  beforeAll(async () => void (server = await RabbitServer.start()));
  afterAll(() => server.stop());

  test('quorum queue: a task with a countdown runs, sent before and after the first worker started', async () => {
    const early = await send('early');
    const told = start();
    const first = await ranAs(told, early);
    const second = await ranAs(told, await send('late'));
    for (const ran of [first, second]) {
      expect(ran.routing_key).toMatch(WAITED);
      expect(ran.at).toBeGreaterThanOrEqual(Date.parse(ran.eta));
    }
    expect(told.all.filter(({ id }) => id === early.taskId)).toHaveLength(1);
  });
});
