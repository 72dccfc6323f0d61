import { spawnSync } from 'node:child_process';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { decodeSqsBody } from '../../src/celery/kombu/sqs.ts';
import { openSqsBroker } from '../../src/drivers/sqs/broker.ts';
import { storeOptions } from '../contract/test-store.ts';
import { BeatProcess, type SentLine } from '../support/beat-process.ts';
import { findCelery, NEWEST, Worker } from '../support/celery.ts';
import { Folder } from '../support/folder.ts';
import { makeMessage } from '../support/message.ts';
import { requireSqs, SqsServer, type SqsFault } from '../support/sqs.ts';

const missing = requireSqs();

/** Publishes through kombu, as Celery's beat does. */
const SENDS = `
import sys
from celery import Celery
app = Celery(broker=sys.argv[1])
app.send_task('tasks.add', args=[1, 2], task_id='a', queue='celery', DelaySeconds=1)
app.send_task('tasks.add', args=[1, 2], task_id='b', queue='in.order.fifo', MessageGroupId='g')
`;

const FAULTS: readonly SqsFault[] = [
  { status: 500, type: 'InternalError' },
  { status: 503 },
  { status: 400, type: 'ThrottlingException' },
  { drops: true },
  { drops: true, executes: true },
  { delay: 300 },
];

describe.skipIf(missing)(missing || 'SQS', () => {
  let server: SqsServer;
  const folder = new Folder();
  const cwd = folder.path;
  const queues = ['celery', 'in-order.fifo'];
  const configure = (config: object) => folder.write('beat.config.yaml', stringify(config));

  beforeAll(async () => {
    server = await SqsServer.start();
  });
  afterAll(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });
  beforeEach(() => server.empty());

  /** Runs beat and a worker until each of two queues has `count` runs or more. Returns the ids that beat logged. */
  const runBoth = async (count: number, fault: () => SqsFault | null): Promise<{ sent: string[]; ran: string[] }> => {
    const every = (queue: string) => ({ task: 'tasks.note', schedule: 1, options: { queue } });
    configure({ broker_url: server.url(), beat_schedule: { standard: every('celery'), fifo: every('in-order.fifo') } });
    await using worker = new Worker(NEWEST, { brokerUrl: server.url(), cwd, queues });
    server.fault = ({ operation }) => (operation.startsWith('SendMessage') ? fault() : null);
    await using beat = new BeatProcess({ cwd });
    const idsOf = () =>
      beat.log.all.flatMap((line) =>
        line.event === 'sent' || line.event === 'delivered' ? [(line as SentLine).taskId] : [],
      );
    await beat.log.until(`${count} runs`, () => idsOf().length >= 2 * count || undefined);
    server.fault = () => null;
    expect((await beat.stop()).code).toBe(0);
    const sent = idsOf();
    await worker.waitForTasks(sent);
    await worker.kill();
    return { sent, ran: worker.ran.map(({ id }) => id) };
  };

  test('a real worker runs every run exactly once, from a standard and from a FIFO queue', async () => {
    const { sent, ran } = await runBoth(4, () => null);
    expect(ran.toSorted()).toEqual(sent.toSorted());
  });

  test('under faults no run is lost, and a repeat has the same task id', async () => {
    let requests = 0;
    const { sent, ran } = await runBoth(8, () =>
      ++requests % 2 === 0 ? null : FAULTS[(requests >> 1) % FAULTS.length]!,
    );
    expect([...new Set(ran)].toSorted()).toEqual([...new Set(sent)].toSorted());
    expect(new Set(sent).size).toBe(sent.length);
  });

  test('a message has the fields that kombu sends', async () => {
    const { python } = findCelery(NEWEST)!;
    const { stderr, status } = spawnSync(python, ['-c', SENDS, server.url('key:secret', server.motoPort)], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const ofKombu = [...(await server.consumeAll('celery', 6)), ...(await server.consumeAll('in.order.fifo'))];
    await server.empty();
    const broker = openSqsBroker(storeOptions(server.url()));
    const withProperties = (id: string, queue: string, properties: object) => {
      const message = makeMessage(id, { queue });
      return { ...message, properties: { ...message.properties, ...properties } };
    };
    await broker.publish([
      withProperties('a', 'celery', { DelaySeconds: 1 }),
      withProperties('b', 'in.order.fifo', { MessageGroupId: 'g' }),
    ]);
    await broker.close();
    const ofBeat = [...(await server.consumeAll('celery', 6)), ...(await server.consumeAll('in.order.fifo'))];
    const shape = ({ Body = '', Attributes = {} }: (typeof ofBeat)[number]) => {
      const { properties, ...envelope } = JSON.parse(decodeSqsBody(Body)) as Record<string, object>;
      return [Object.keys(envelope).sort(), Object.keys(properties!).sort(), Object.keys(Attributes).sort()];
    };
    expect(ofBeat).toHaveLength(2);
    expect(ofBeat.map(shape)).toEqual(ofKombu.map(shape));
    expect(ofBeat.map(({ Attributes }) => Attributes?.MessageGroupId)).toEqual([undefined, 'g']);
  });

  test('a run for a queue that does not exist waits in the outbox until the queue is created', async () => {
    configure({
      broker_url: server.url(),
      declare_queues: false,
      beat_schedule: { e: { task: 'tasks.note', schedule: 1, missed: 'all' } },
    });
    await using beat = new BeatProcess({ cwd });
    await beat.log.first('a rejection', ({ msg }) => msg.includes('there is no such queue'));
    await server.admin.send(new CreateQueueCommand({ QueueName: 'celery' }));
    const { taskId } = await beat.log.first('a delivery', ({ event }) => event === 'delivered');
    await beat.stop();
    expect((await server.consumeTasks('celery')).map((task) => task.taskId)).toContain(taskId);
  });
});
