import { inspect } from 'node:util';
import { ClientSockets } from '../support/client-sockets.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openAmqpBroker } from '../../src/drivers/amqp/broker.ts';
import { Session } from '../../src/drivers/amqp/session.ts';
import { parseAmqpUrl } from '../../src/drivers/amqp/url.ts';
import type { Broker, Rejection, BrokerOptions } from '../../src/contracts/broker/broker.ts';
import { DEFAULT_CONNECTION } from '../../src/contracts/broker/connection-settings.ts';
import { StoreError } from '../../src/util/errors.ts';
import { makeMessage } from '../support/message.ts';
import { Proxy } from '../support/proxy.ts';
import { borrowRabbit, type BorrowedRabbit } from '../support/borrowed-rabbitmq.ts';
import { freePort } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';

/** The timeout in tests in which the server does not answer. Milliseconds. */
const SHORT_TIMEOUT = 2_000;
const BATCH = Array.from({ length: 2_000 }, (_, i) => makeMessage(`batch-${i}`));

const missing = requireService('rabbitmq-server');

describe.skipIf(missing)(missing || 'rabbitmq, outages', () => {
  let server: BorrowedRabbit;
  const brokers: Broker[] = [];
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];

  const open = (url = server.url(), options: Partial<BrokerOptions> = {}, patience = 10_000) => {
    const broker = openAmqpBroker(storeOptions(url, options), patience);
    brokers.push(broker);
    return broker;
  };
  const ids = async () => (await server.consumeAll('celery')).map(({ properties }) => String(properties.correlationId));

  beforeAll(async () => {
    server = await borrowRabbit();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    await server.empty();
    for (const spy of printed) spy.mockClear();
  });
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test('opening and closing a broker connects to no server', async () => {
    using sockets = new ClientSockets();
    const broker = open(server.url());
    await broker.close();
    expect(sockets.bytesRead()).toEqual([]);
  });

  test('an unreachable server is reported without the password', async () => {
    const url = `amqp://beat:hunter2@127.0.0.1:${await freePort()}/`;
    const error = await rejection(open(url).publish([makeMessage('a')]));
    expect(error.message).toMatch(
      /^broker\.publish: no connection to RabbitMQ: .*ECONNREFUSED.* \(amqp:\/\/beat:\*\*@/,
    );
    expect(error).toMatchObject({ unreachable: { server: 'RabbitMQ' } });
    expect(inspect(error, { depth: null })).not.toContain('hunter2');
  });

  test('a rejected login and a missing vhost are reported', async () => {
    const login = open(server.url().replace('guest@', 'sesame@'));
    const refused = await rejection(login.publish([makeMessage('a')]));
    expect(refused.message).toContain('ACCESS_REFUSED');
    expect(inspect(refused, { depth: null })).not.toContain('sesame');
    const nowhere = open(server.url().replace(/\/$/, 'nowhere'));
    const error = await rejection(nowhere.publish([makeMessage('a')]));
    expect(error.message).toContain('there is no vhost "nowhere", or the user "guest" has no access to it');
  });

  test('a batch fails when its connection is cut, and is complete when it is repeated', async () => {
    await using wire = await Proxy.to(server.port);
    const broker = open(server.url(wire.port));
    await broker.publish([makeMessage('before')]);
    const answered = wire.dropReplies();
    const publishing = rejection(broker.publish(BATCH));
    await answered;
    wire.cut();
    expect((await publishing).message).toMatch(/^broker\.publish: the connection to RabbitMQ ended/);

    await broker.publish(BATCH);
    expect(new Set(await ids())).toEqual(new Set(['before', ...BATCH.map(({ taskId }) => taskId)]));
  });

  test('a closed session reports it and rejects no message', async () => {
    const options = { ...storeOptions(server.url()), answerTimeout: 10_000 };
    const { signal } = new AbortController();
    const session = await Session.open(parseAmqpUrl(parseEndpoint(server.url())), options, signal);
    await session.close();
    await expect(session.publish([makeMessage('a')])).rejects.toThrow('the connection was closed');
  });

  test('connections that an operator closes are opened again', async () => {
    const broker = open();
    await broker.publish([makeMessage('a')]);
    const results = await Promise.allSettled([
      server.control('close_all_connections', 'maintenance'),
      ...Array.from({ length: 20 }, () => broker.publish(BATCH.slice(0, 100))),
    ]);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StoreError);
    }
    await server.reconnect();
    await untilPublished(() => broker.publish([makeMessage('z')]));
    expect((await ids()).at(-1)).toBe('z');
  });

  test('a batch to a frozen server fails in bounded time, and succeeds after the server is thawed', async () => {
    const broker = open(server.url(), {}, SHORT_TIMEOUT);
    await broker.publish([makeMessage('a')]);
    await server.freeze();
    const error = await rejection(broker.publish([makeMessage('b')]));
    const next = open(server.url(), { connection: { ...DEFAULT_CONNECTION, timeout: 300 } });
    const nor = await rejection(next.publish([makeMessage('c')]));
    await server.thaw();
    expect(error.message).toContain(`RabbitMQ did not answer in ${SHORT_TIMEOUT} ms (amqp://`);
    expect(nor.message).toContain('did not answer in 300 ms');
    await untilPublished(() => broker.publish([makeMessage('b')]));
    await untilPublished(() => next.publish([makeMessage('c')]));
    expect(new Set(await ids())).toEqual(new Set(['a', 'b', 'c']));
  });

  test('a server that blocks publishers out of memory is reported, and used once it has memory', async () => {
    const broker = open(server.url(), {}, SHORT_TIMEOUT);
    await broker.publish([makeMessage('a')]);
    await server.control('set_vm_memory_high_watermark', '0');
    const first = await rejection(broker.publish([makeMessage('b')]));
    const second = await rejection(broker.publish([makeMessage('c')]));
    await server.control('set_vm_memory_high_watermark', '0.9');
    for (const error of [first, second]) {
      expect(error.message).toMatch(/^broker\.publish: RabbitMQ blocks publishers \(low on memory\)/);
    }
    await untilPublished(() => broker.publish([makeMessage('d')]));
    const taken = await ids();
    expect(taken.at(-1)).toBe('d');
    expect(taken).not.toContain('c');
  });

  test('the next server of a cluster is tried at once, and all are named when all are unreachable', async () => {
    const [dead, gone] = [server.url(await freePort()), server.url(await freePort())];
    for (const failoverStrategy of ['round-robin', 'shuffle'] as const) {
      const connection = { ...DEFAULT_CONNECTION, failoverStrategy };
      await open(`${dead};${gone};${server.url()}`, { connection }).publish([makeMessage('a')]);
    }
    expect(await ids()).toEqual(['a', 'a']);
    const error = await rejection(open(`${dead};${gone}`).publish([makeMessage('b')]));
    for (const url of [dead, gone]) expect(error.message).toContain(new URL(url).port);
  });

  test('if a server never replies, the next server of the cluster replaces it', async () => {
    await using wire = await Proxy.to(server.port);
    const broker = open(`${server.url(wire.port)};${server.url()}`, {}, SHORT_TIMEOUT);
    await broker.publish([makeMessage('a')]);
    void wire.dropReplies();
    await rejection(broker.publish([makeMessage('b')]));
    const swallowed = wire.dropReplies();
    await broker.publish([makeMessage('c')]);
    wire.cut();
    void swallowed;
    expect((await ids()).at(-1)).toBe('c');
  });

  test('confirmed messages survive a crash, and the broker reconnects', async () => {
    const broker = open();
    await broker.publish(BATCH);
    await server.kill();
    await rejection(broker.publish([makeMessage('during')]));
    await rejection(broker.publish([makeMessage('during')]));
    await server.start();
    await untilPublished(() => broker.publish([makeMessage('after')]));
    expect(await ids()).toEqual([...BATCH.map(({ taskId }) => taskId), 'after']);
  });

  test('closing a broker fails the batch in progress and every later one', async () => {
    const broker = open();
    const publishing = rejection(broker.publish(BATCH));
    await broker.close();
    await publishing;
    expect((await rejection(broker.publish([makeMessage('a')]))).message).toContain('closed');
  });
});

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

/** An outage ends for a connection when it has come back, which takes it a moment. */
async function untilPublished(publish: () => Promise<readonly Rejection[]>): Promise<void> {
  expect(await vi.waitFor(publish, { timeout: 30_000 })).toEqual([]);
}
