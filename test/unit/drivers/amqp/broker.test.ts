import { beforeEach, expect, test, vi } from 'vitest';
import { openAmqpBroker } from '../../../../src/drivers/amqp/broker.ts';
import { TimeoutError } from '../../../../src/drivers/amqp/timeouts.ts';
import { Session } from '../../../../src/drivers/amqp/session.ts';
import { DEFAULT_RULES, Queues } from '../../../../src/celery/routing/queues.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { makeMessage } from '../../../support/message.ts';
import { storeOptions } from '../../../contract/test-store.ts';

/** The part of a session that the broker uses. */
class FakeSession {
  usable = true;
  blocked: string | null = null;
  readonly host: string;
  readonly declared: string[] = [];
  readonly sent: string[] = [];
  forgotten = 0;
  closed = false;
  fails: Error | null = null;

  constructor(host: string) {
    this.host = host;
  }

  async declareOnce(what: string): Promise<void> {
    this.declared.push(what);
  }

  async publish(messages: readonly Message[]): Promise<unknown[]> {
    if (this.fails) throw this.fails;
    this.sent.push(...messages.map(({ taskId }) => taskId));
    return messages.map(({ taskId }) => (taskId === 'bad' ? 'nacked' : 'acked'));
  }

  forgetDeclarations(): void {
    this.forgotten += 1;
  }

  end(): void {
    this.usable = false;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

let sessions: FakeSession[];
let unreachable: Map<string, Error>;
beforeEach(() => {
  sessions = [];
  unreachable = new Map();
  vi.restoreAllMocks();
  vi.spyOn(Session, 'open').mockImplementation(async ({ host }) => {
    const error = unreachable.get(host);
    if (error) throw error;
    const session = new FakeSession(host);
    sessions.push(session);
    return session as unknown as Session;
  });
});

const CLUSTER = 'amqp://u:hunter2@one/;amqp://u:hunter2@two/;amqp://u:hunter2@three/';
const open = (url = 'amqp://u:hunter2@one/') => openAmqpBroker(storeOptions(url));
const failureOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'it resolved',
    (error: unknown) => (error as Error).message,
  );

test('amqp broker: an empty batch opens no connection', async () => {
  const broker = open();
  await broker.publish([]);
  await broker.announce([]);
  expect(sessions).toEqual([]);
});

test('amqp broker: one connection serves all batches', async () => {
  const broker = open();
  await Promise.all([broker.publish([makeMessage('a')]), broker.publish([makeMessage('b')])]);
  await broker.publish([makeMessage('c'), makeMessage('d')]);
  await broker.announce([makeMessage('e')]);
  expect(sessions.map(({ sent }) => sent)).toEqual([['a', 'b', 'c', 'd', 'e']]);
  expect(sessions[0]!.declared).toContain('queue celery');
});

test('amqp broker: queues are declared again after a reload changed them', async () => {
  const queues = new Queues();
  const broker = openAmqpBroker(storeOptions('amqp://one/', { queues }));
  await broker.publish([makeMessage('a')]);
  await broker.publish([makeMessage('b')]);
  expect(sessions[0]!.forgotten).toBe(0);
  queues.replace(DEFAULT_RULES);
  await broker.publish([makeMessage('c')]);
  await broker.publish([makeMessage('d')]);
  expect(sessions[0]!.forgotten).toBe(1);
});

test('amqp broker: reports rejected messages, and the connection stays open', async () => {
  const broker = open();
  expect(await broker.publish([makeMessage('a'), makeMessage('bad')])).toMatchObject([{ message: { taskId: 'bad' } }]);
  await broker.publish([makeMessage('b')]);
  expect(sessions).toHaveLength(1);
});

test('amqp broker: opens a new connection after the previous one ended', async () => {
  const broker = open();
  await broker.publish([makeMessage('a')]);
  sessions[0]!.usable = false;
  await broker.publish([makeMessage('b')]);
  expect(sessions.map(({ sent }) => sent)).toEqual([['a'], ['b']]);
});

test('amqp broker: a failure ends the connection, and is reported without the password', async () => {
  const broker = open();
  await broker.publish([makeMessage('a')]);
  sessions[0]!.fails = new Error('reset by hunter2');
  expect(await failureOf(broker.publish([makeMessage('b')]))).toBe(
    'broker.publish: the connection to RabbitMQ ended: reset by ** (amqp://u:**@one/)',
  );
  expect(sessions[0]!.usable).toBe(false);
});

test('amqp broker: a blocked connection stays open, and nothing is published on it', async () => {
  const broker = open();
  await broker.publish([makeMessage('a')]);
  sessions[0]!.blocked = 'low on disk';
  expect(await failureOf(broker.publish([makeMessage('b')]))).toBe(
    'broker.publish: RabbitMQ blocks publishers (low on disk) until it has memory and disk again' +
      ' (amqp://u:**@one/)',
  );
  sessions[0]!.blocked = null;
  await broker.publish([makeMessage('c')]);
  expect(sessions.map(({ sent }) => sent)).toEqual([['a', 'c']]);
});

test('amqp broker: the servers of a cluster are tried in turn, beginning with the last reachable one', async () => {
  const broker = open(CLUSTER);
  unreachable.set('one', new Error('refused'));
  await broker.publish([makeMessage('a')]);
  unreachable.clear();
  sessions[0]!.usable = false;
  await broker.publish([makeMessage('b')]);
  expect(sessions.map(({ host }) => host)).toEqual(['two', 'two']);
});

test('amqp broker: a server that does not answer is tried last in later attempts', async () => {
  const broker = open(CLUSTER);
  await broker.publish([makeMessage('a')]);
  sessions[0]!.fails = new TimeoutError(500);
  expect(await failureOf(broker.publish([makeMessage('b')]))).toBe(
    'broker.publish: RabbitMQ did not answer in 500 ms (amqp://u:**@one/)',
  );
  await broker.publish([makeMessage('b')]);
  expect(sessions.map(({ host }) => host)).toEqual(['one', 'two']);
});

test('amqp broker: the error names all servers of the cluster if none is reachable', async () => {
  for (const host of ['one', 'two', 'three']) unreachable.set(host, new Error(`${host} says hunter2`));
  expect(await failureOf(open(CLUSTER).announce([makeMessage('a')]))).toBe(
    'broker.announce: no connection to RabbitMQ: one says ** (amqp://u:**@one/); ' +
      'two says ** (amqp://u:**@two/); three says ** (amqp://u:**@three/)',
  );
});

test('amqp broker: a closed broker closes its connection and opens no other', async () => {
  const broker = open(CLUSTER);
  await broker.publish([makeMessage('a')]);
  await broker.close();
  expect(sessions[0]!.closed).toBe(true);
  sessions[0]!.usable = false;
  expect(await failureOf(broker.publish([makeMessage('b')]))).toBe(
    'broker.publish: no connection to RabbitMQ: the broker was closed',
  );
  expect(sessions).toHaveLength(1);
});
