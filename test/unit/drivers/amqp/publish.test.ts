import { beforeEach, expect, test } from 'vitest';
import { announce, publishMessages } from '../../../../src/drivers/amqp/publish.ts';
import { TimeoutError } from '../../../../src/drivers/amqp/timeouts.ts';
import type { DeclareOptions } from '../../../../src/drivers/amqp/declare.ts';
import type { Session } from '../../../../src/drivers/amqp/session.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { createExchange, createQueue, type Queue } from '../../../../src/celery/routing/queue.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { configureQueues, makeBoundQueue, toExchange } from '../../../support/exchanges.ts';
import { makeMessage } from '../../../support/message.ts';

const NOW = Date.parse('2027-03-01T12:00:00Z');

const closedWith = (code: number) =>
  Object.assign(new Error(`Channel closed by server: ${code} with message "no ${code}"`), { code });

/** A session in which declarations of `failing` fail, and publishing has the outcomes of `results`. */
class FakeSession {
  usable = true;
  readonly failing = new Map<string, Error>();
  results = new Map<string, unknown[]>();
  readonly declared: string[] = [];
  readonly sent: string[] = [];
  forgotten = 0;

  async declareOnce(what: string): Promise<void> {
    this.declared.push(what);
    const error = this.failing.get(what);
    if (error) throw error;
  }

  forgetDeclarations(): void {
    this.forgotten += 1;
  }

  async publish(messages: readonly Message[]): Promise<unknown[]> {
    return messages.map(({ taskId, destination: { exchange, routingKey } }) => {
      this.sent.push(`${taskId} to ${exchange}:${routingKey}`);
      return this.results.get(taskId)?.shift() ?? 'acked';
    });
  }
}

let session: FakeSession;
beforeEach(() => {
  session = new FakeSession();
});

const rules = (more: Partial<DeclareOptions> = {}): DeclareOptions => ({
  queues: new Queues(),
  declareQueues: true,
  delayedType: 'quorum',
  ...more,
});
const delivered = async (messages: readonly Message[], more: Partial<DeclareOptions> = {}) => {
  const rejected = await publishMessages(session as unknown as Session, messages, rules(more), NOW);
  return rejected.map(({ message, reason }) => `${message.taskId}: ${reason}`);
};

test('amqp publish: declares the queues of all messages before it publishes the first', async () => {
  const messages = [makeMessage('a'), makeMessage('b', { queue: 'other' }), makeMessage('c')];
  expect(await delivered(messages)).toEqual([]);
  expect(session.declared).toEqual(['queue celery', 'queue other']);
  expect(session.sent).toEqual(['a to :celery', 'b to :other', 'c to :celery']);
});

test('amqp publish: declares nothing with declareQueues: false', async () => {
  session.results.set('b', ['unroutable']);
  expect(await delivered([makeMessage('a'), makeMessage('b')], { declareQueues: false })).toEqual([
    'b: there is no such queue',
  ]);
  expect(session.declared).toEqual([]);
  expect(session.forgotten).toBe(0);
});

test('amqp publish: a message whose queue cannot be declared is rejected, and the others are published', async () => {
  session.failing.set('queue other', closedWith(405));
  const messages = [makeMessage('a', { queue: 'other' }), makeMessage('b')];
  expect(await delivered(messages)).toEqual([
    'a: it cannot be declared: no 405; with "declareQueues: false" beat declares nothing',
  ]);
  expect(session.sent).toEqual(['b to :celery']);
});

test.each<[string, () => void, Error]>([
  ['the connection ends', () => (session.usable = false), new Error('reset')],
  ['the server does not answer', () => {}, new TimeoutError(500)],
])('amqp publish: rejects the whole batch when %s', async (_, happens, error) => {
  session.failing.set('queue celery', error);
  happens();
  await expect(delivered([makeMessage('a')])).rejects.toBe(error);
  expect(session.sent).toEqual([]);
});

test('amqp publish: a returned message is published again after its queue was declared again', async () => {
  session.results.set('b', ['unroutable']);
  expect(await delivered([makeMessage('a'), makeMessage('b')])).toEqual([]);
  expect(session.forgotten).toBe(1);
  expect(session.declared).toEqual(['queue celery', 'queue celery']);
  expect(session.sent).toEqual(['a to :celery', 'b to :celery', 'b to :celery']);
});

test('amqp publish: a message that is returned twice is rejected, like messages that are rejected at once', async () => {
  session.results = new Map<string, unknown[]>([
    ['a', ['nacked']],
    ['b', ['unroutable', 'unroutable']],
    ['c', ['unroutable', closedWith(404)]],
  ]);
  expect(await delivered(['a', 'b', 'c'].map((id) => makeMessage(id)))).toEqual([
    'a: RabbitMQ rejected it, as it does when a queue is full',
    expect.stringMatching(/^c: there is no such exchange/),
    'b: there is no such queue',
  ]);
});

const quorum: Queue = { ...makeBoundQueue('quo', 'jobs', 'topic', 'quo'), arguments: { 'x-queue-type': 'quorum' } };
const delayed = (taskId: string): Message => {
  const message = makeMessage(taskId, { destination: toExchange('jobs', 'topic', 'quo', 'quo') });
  return { ...message, headers: { ...message.headers, eta: '2027-03-01T12:00:01.500Z' } };
};
const WAITING = `a to celery_delayed_27:${'0.'.repeat(27)}1.quo`;
const AT_ONCE = 'a to jobs:quo';

test('amqp delays: a message with an ETA waits in RabbitMQ if a quorum queue is configured', async () => {
  expect(await delivered([delayed('a')], { queues: configureQueues(quorum) })).toEqual([]);
  expect(session.declared).toEqual(['queue quo', 'delays', 'delays quo']);
  expect(session.sent).toEqual([WAITING]);
});

test.each([
  ['without a quorum queue', { queues: configureQueues({ ...quorum, arguments: {} }) }],
  ['where others declare queues', { queues: configureQueues(quorum), declareQueues: false }],
  ['to a broadcast', { queues: configureQueues({ ...quorum, broadcast: true }) }],
  ['to a queue that others make', { queues: configureQueues({ ...quorum, noDeclare: true }) }],
])('amqp delays: a message with an ETA is published to its queue %s', async (_, more) => {
  expect(await delivered([delayed('a')], more)).toEqual([]);
  expect(session.sent).toEqual([AT_ONCE]);
});

test.each([
  ['delays', closedWith(406), WAITING],
  ['delays', closedWith(403), AT_ONCE],
  ['delays quo', closedWith(406), AT_ONCE],
])(
  'amqp delays: after the declaration of %s failed with "%s", the message is published: %s',
  async (what, error, sent) => {
    session.failing.set(what, error);
    expect(await delivered([delayed('a')], { queues: configureQueues(quorum) })).toEqual([]);
    expect(session.sent).toEqual([sent]);
  },
);

test('amqp delays: a message without an ETA needs no delays', async () => {
  const destination = toExchange('jobs', 'topic', 'quo', 'quo');
  await delivered([makeMessage('a', { destination })], { queues: configureQueues(quorum) });
  expect(session.declared).toEqual(['queue quo']);
});

const announced = (messages: readonly Message[], declares = true) =>
  announce(session as unknown as Session, messages, declares);
const event = (taskId: string) => makeMessage(taskId, { destination: toExchange('celeryev', 'topic', 'task.sent') });

test('amqp events: their exchange is declared, except with declareQueues: false', async () => {
  await announced([event('a'), event('b')]);
  expect(session.declared).toEqual(['exchange celeryev']);
  await announced([event('c')], false);
  expect(session.declared).toEqual(['exchange celeryev']);
  expect(session.sent).toHaveLength(3);
});

test('amqp events: a missing queue or a missing exchange is not an error', async () => {
  session.results.set('a', ['unroutable']);
  session.results.set('b', [closedWith(404)]);
  await expect(announced([event('a'), event('b')])).resolves.toBeUndefined();
});

test('amqp events: other rejections are errors with the reason', async () => {
  session.results.set('a', [closedWith(403)]);
  await expect(announced([event('a')])).rejects.toThrow('broker.announce: RabbitMQ rejected the message: no 403');
  session.failing.set('exchange celeryev', closedWith(406));
  await expect(announced([event('a')])).rejects.toThrow(
    'broker.announce: exchange "celeryev" cannot be declared: no 406',
  );
});

test('amqp publish: declares the queue that a message names, in addition to the queues that receive it', async () => {
  const queues = configureQueues(createQueue('all', createExchange('news', 'fanout'), ''));
  const destination = toExchange('news', 'fanout', '', 'mine');
  await delivered([makeMessage('a', { destination })], { queues });
  expect(session.declared).toEqual(['queue mine', 'queue all']);
});
