import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Beat } from '../../src/index.ts';
import type { SentEvent } from '../../src/contracts/events/beat-events.ts';
import { NEWEST, findCelery, requireCelery } from '../support/celery.ts';
import { Child } from '../support/child.ts';
import { Journal } from '../support/journal.ts';
import { borrowRabbit } from '../support/borrowed-rabbitmq.ts';
import type { RabbitNode } from '../support/rabbitmq-node.ts';
import { requireService } from '../support/services.ts';

const missing = requireService('rabbitmq-server') || requireCelery(NEWEST);

interface WorkerReport {
  readonly kind: 'ready' | 'ran';
  readonly at: number;
  readonly id: string;
  readonly eta: string;
  readonly routing_key: string;
}

/** The binary digits of the delay in the routing key, and the original routing key after them. */
const WAITED = /^([01]\.){28}jobs\.mail$/;

describe.skipIf(missing)(missing || 'a task with a countdown for a quorum queue', () => {
  let server: RabbitNode;

  const start = () => {
    const reports = new Journal<WorkerReport>();
    const alone = ['--without-gossip', '--without-mingle', '--without-heartbeat'];
    const worker = ['-m', 'celery', '-A', 'quorum_tasks', 'worker', '-P', 'solo', ...alone];
    const child = new Child(findCelery(NEWEST)!.python, worker, {
      env: {
        PYTHONPATH: join(import.meta.dirname, '../support'),
        PYTHONDONTWRITEBYTECODE: '1',
        CELERY_BROKER_URL: server.url(),
      },
      lines: { 3: (line) => reports.add(JSON.parse(line) as WorkerReport) },
    });
    onTestFinished(async () => void (await child.kill()));
    void child.exited.then(() => reports.end('the worker ended'));
    return reports;
  };
  /** Makes beat send the task once, to run in two seconds. */
  const send = async (entry: string): Promise<SentEvent> => {
    const beat = new Beat({
      brokerUrl: server.url(),
      stateUrl: 'memory://',
      taskQueues: {
        work: {
          exchange: 'jobs',
          exchangeType: 'topic',
          routingKey: 'jobs.#',
          queueArguments: { 'x-queue-type': 'quorum' },
        },
      },
      taskDefaultQueue: 'work',
      beatSchedule: {
        [entry]: { task: 'tasks.note', schedule: 1, options: { routingKey: 'jobs.mail', countdown: 2 } },
      },
    });
    onTestFinished(() => beat.stop());
    const sent = new Promise<SentEvent>((resolve) => beat.once('sent', resolve));
    await beat.start();
    const event = await sent;
    await beat.stop();
    return event;
  };
  const ranAs = (reports: Journal<WorkerReport>, { taskId }: SentEvent) =>
    reports.first('the task', ({ id }) => id === taskId);

  beforeAll(async () => void (server = await borrowRabbit()));
  afterAll(() => server.stop());

  test('quorum queue: a task with a countdown runs, sent before and after the first worker started', async () => {
    const early = await send('early');
    const reports = start();
    const first = await ranAs(reports, early);
    const second = await ranAs(reports, await send('late'));
    for (const ran of [first, second]) {
      expect(ran.routing_key).toMatch(WAITED);
      expect(ran.at).toBeGreaterThanOrEqual(Date.parse(ran.eta));
    }
    expect(reports.all.filter(({ id }) => id === early.taskId)).toHaveLength(1);
  });
});
