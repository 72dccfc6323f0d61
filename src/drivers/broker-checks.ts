import { deepEqual } from 'node:assert/strict';
import { toQueue } from '../celery/message/destination.ts';
import type { Message } from '../celery/message/message.ts';
import type { DriverBroker } from '../contracts/broker/own-driver.ts';

/** A message as a worker receives it. */
export interface QueuedMessage {
  readonly taskId: string;
  /** Decoded to text. */
  readonly body: string;
}

/** An empty broker for one check. */
export interface TestedBroker {
  readonly broker: Pick<DriverBroker, 'publish'>;
  /** The messages of a queue, in the order in which one worker would consume them. */
  queued(queue: string): Promise<readonly QueuedMessage[]>;
  /** Removes everything that the check made. */
  close(): Promise<void>;
  /** A name of a queue that is unusual and possible; any text unless given. */
  readonly unusualQueue?: string | undefined;
  /** The number of messages in one batch; 9,000 unless given. */
  readonly manyMessages?: number | undefined;
}

/** One check: the name says what must be true, and `run` rejects if it is not. */
export interface BrokerCheck {
  readonly name: string;
  run(): Promise<void>;
}

const NEVER = new AbortController().signal;

/**
 * What every broker must do, for the tests of a driver made by `defineDriver`:
 * `for (const { name, run } of brokerChecks(open)) test(name, run)`.
 */
export function brokerChecks(open: () => Promise<TestedBroker>): readonly BrokerCheck[] {
  const check = (
    name: string,
    run: (
      tested: TestedBroker,
      publish: (...messages: Message[]) => Promise<unknown>,
      idsIn: (queue: string) => Promise<readonly string[]>,
    ) => Promise<void>,
  ): BrokerCheck => ({
    name,
    async run() {
      const tested = await open();
      try {
        const publish = (...messages: Message[]) => tested.broker.publish(messages, NEVER);
        await run(tested, publish, async (queue) => (await tested.queued(queue)).map(({ taskId }) => taskId));
      } finally {
        await tested.close();
      }
    },
  });
  return [
    check('a published message is in its own queue and in no other queue', async (_, publish, idsIn) => {
      const rejected = (await publish(testMessage('a', { queue: 'red' }), testMessage('b', { queue: 'blue' }))) ?? [];
      deepEqual(rejected, []);
      deepEqual([await idsIn('red'), await idsIn('blue'), await idsIn('celery')], [['a'], ['b'], []]);
    }),
    check('messages of one queue are consumed in the order in which they were published', async (_, publish, idsIn) => {
      await publish(...['a', 'b', 'c'].map((id) => testMessage(id)));
      await publish(...['d', 'e'].map((id) => testMessage(id)));
      deepEqual(await idsIn('celery'), ['a', 'b', 'c', 'd', 'e']);
    }),
    check('an empty batch is published', async (_, publish, idsIn) => {
      await publish();
      deepEqual(await idsIn('celery'), []);
    }),
    check('a body of any characters arrives unchanged', async (tested, publish) => {
      const body = '[["芹菜 🥬 \\"q\\" \u2028 \\u0000"], {"ключ": null}, {}]';
      await publish(testMessage('a', { body }));
      deepEqual(await tested.queued('celery'), [{ taskId: 'a', body }]);
    }),
    check('a queue may have any name that the broker can store', async (tested, publish, idsIn) => {
      const { unusualQueue: queue = 'очередь {1}: a/b *' } = tested;
      await publish(testMessage('a', { queue }));
      deepEqual(await idsIn(queue), ['a']);
    }),
    check('many messages for several queues are published in one batch', async (tested, publish, idsIn) => {
      const ids = Array.from({ length: tested.manyMessages ?? 9_000 }, (_, i) => `task-${i}`);
      await publish(...ids.map((id, i) => testMessage(id, { queue: `queue-${i % 3}` })));
      for (const n of [0, 1, 2]) {
        const own = ids.filter((_, i) => i % 3 === n);
        deepEqual(await idsIn(`queue-${n}`), own);
      }
    }),
  ];
}

/** A message with the fields that beat gives one. */
export function testMessage(
  taskId: string,
  { queue = 'celery', body = '[[], {}, {}]' }: { readonly queue?: string; readonly body?: string } = {},
): Message {
  return {
    taskId,
    destination: toQueue(queue),
    priority: 0,
    headers: { lang: 'js', task: 'tasks.add', id: taskId },
    properties: { correlation_id: taskId, reply_to: '', delivery_mode: 2, priority: 0 },
    body: Buffer.from(body),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}
