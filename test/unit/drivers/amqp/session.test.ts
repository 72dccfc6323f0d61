import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CONNECTION, DEFAULT_TRANSPORT } from '../../../../src/contracts/broker/connection-settings.ts';
import { Session } from '../../../../src/drivers/amqp/session.ts';
import { parseAmqpUrl } from '../../../../src/drivers/amqp/url.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { makeMessage } from '../../../support/message.ts';
import { toExchange } from '../../../support/exchanges.ts';
import { settle } from '../../../support/settle.ts';
import { parseEndpoint } from '../../../../src/drivers/endpoint.ts';

type Confirm = (error?: Error) => void;

class FakeChannel extends EventEmitter {
  readonly published: Published[] = [];
  closed = false;

  publish(exchange: string, _: string, __: Buffer, options: Options, confirm: Confirm): boolean {
    const { correlationId, mandatory } = options;
    this.published.push({ exchange, taskId: String(correlationId), mandatory, confirm });
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

interface Options {
  readonly correlationId?: unknown;
  readonly mandatory?: unknown;
}

interface Published {
  readonly exchange: string;
  readonly taskId: string;
  readonly mandatory: unknown;
  readonly confirm: Confirm;
}

class FakeModel extends EventEmitter {
  readonly channels: FakeChannel[] = [];
  close = vi.fn(async () => {});

  async createChannel(): Promise<FakeChannel> {
    const channel = new FakeChannel();
    this.channels.push(channel);
    return channel;
  }

  createConfirmChannel = () => this.createChannel();
}

const made = vi.hoisted(() => ({ open: vi.fn() }));
vi.mock('../../../../src/drivers/amqp/connect.ts', () => ({ openConnection: made.open }));

let clock: ManualClock;
let model: FakeModel;
let first: FakeChannel;
let answered: ReturnType<typeof vi.fn>;
let session: Session;
/** Aborts the socket of the connection. */
let cut: AbortSignal;
beforeEach(async () => {
  clock = new ManualClock('2027-01-01T00:00Z');
  model = new FakeModel();
  first = new FakeChannel();
  answered = vi.fn();
  made.open.mockImplementation((_: unknown, __: unknown, signal: AbortSignal) => {
    cut = signal;
    return Promise.resolve([model, first, { established: () => {}, answered }]);
  });
  session = await Session.open(
    parseAmqpUrl(parseEndpoint('amqp://rabbit/')),
    {
      clock,
      connection: { ...DEFAULT_CONNECTION, timeout: 1_000 },
      transport: DEFAULT_TRANSPORT,
      answerTimeout: 10_000,
    },
    new AbortController().signal,
  );
});
afterEach(() => {
  vi.clearAllMocks();
});

const closedWith = (code: number) => Object.assign(new Error(`Channel closed by server: ${code}`), { code });
const toOther = (taskId: string) => makeMessage(taskId, { destination: toExchange('other', 'topic', 'key') });

test('amqp session: resolves with the answer to each message, in the order of the messages', async () => {
  const sending = session.publish([makeMessage('a'), toOther('b'), makeMessage('c')]);
  await settle();
  const [other] = model.channels;
  expect(first.published.map(({ taskId }) => taskId)).toEqual(['a', 'c']);
  expect(other!.published.map(({ taskId }) => taskId)).toEqual(['b']);
  first.published[1]!.confirm(new Error('message nacked'));
  other!.published[0]!.confirm();
  first.published[0]!.confirm();
  expect(await sending).toEqual(['acked', 'acked', 'nacked']);
});

test('amqp session: messages are mandatory by default, and optionally not', async () => {
  const sending = [session.publish([makeMessage('a')]), session.publish([makeMessage('b')], false)];
  await settle();
  expect(first.published.map(({ mandatory }) => mandatory)).toEqual([true, false]);
  for (const { confirm } of first.published) confirm();
  await Promise.all(sending);
});

test('amqp session: all messages to one exchange share a channel', async () => {
  const sending = [session.publish([toOther('a')]), session.publish([toOther('b')])];
  await settle();
  const [other, ...more] = model.channels;
  expect(more).toEqual([]);
  for (const { confirm } of other!.published) confirm();
  expect(await Promise.all(sending)).toEqual([['acked'], ['acked']]);
});

test('amqp session: a message that is returned before its confirm is unroutable', async () => {
  const sending = session.publish(['a', 'a', 'a', 'b'].map((taskId) => makeMessage(taskId)));
  await settle();
  const comesBack = { fields: { routingKey: 'celery' }, properties: { correlationId: 'a' } };
  first.emit('return', comesBack);
  first.emit('return', comesBack);
  first.emit('return', { ...comesBack, fields: { routingKey: 'other' } });
  for (const { confirm } of first.published) confirm();
  expect(await sending).toEqual(['unroutable', 'unroutable', 'acked', 'acked']);
});

test('amqp session: a message that cannot be encoded does not prevent the others from being published', async () => {
  vi.spyOn(first, 'publish').mockImplementationOnce(() => {
    throw new TypeError('no such type');
  });
  const sending = session.publish([makeMessage('wrong'), makeMessage('a')]);
  await settle();
  first.published[0]!.confirm();
  expect(await sending).toEqual([new TypeError('no such type'), 'acked']);
});

test('amqp session: every answer is reported to the guard and restarts the timeout', async () => {
  const sending = session.publish([makeMessage('a'), makeMessage('b')]);
  await settle();
  clock.advance(9_999);
  first.published[0]!.confirm();
  expect(answered).toHaveBeenCalledTimes(1);
  await settle();
  clock.advance(1);
  await settle();
  clock.advance(9_999);
  await settle();
  first.published[1]!.confirm();
  expect(await sending).toEqual(['acked', 'acked']);
  expect(answered).toHaveBeenCalledTimes(2);
});

test('amqp session: rejects after the timeout without an answer', async () => {
  const sending = session.publish([makeMessage('a')]).catch((error: unknown) => String(error));
  await settle();
  clock.advance(10_000);
  expect(await sending).toContain('RabbitMQ did not answer in 10000 ms');
});

test('amqp session: runs a declaration once, and again after a failure or forgetDeclarations()', async () => {
  const declare = vi.fn(async () => {});
  await Promise.all([session.declareOnce('queue a', declare), session.declareOnce('queue a', declare)]);
  await session.declareOnce('queue a', declare);
  expect(declare).toHaveBeenCalledTimes(1);
  expect(model.channels.map(({ closed }) => closed)).toEqual([true]);
  session.forgetDeclarations();
  await session.declareOnce('queue a', declare);
  expect(declare).toHaveBeenCalledTimes(2);

  const failing = vi.fn(async () => Promise.reject(closedWith(406)));
  await expect(session.declareOnce('queue b', failing)).rejects.toThrow('406');
  await expect(session.declareOnce('queue b', failing)).rejects.toThrow('406');
  expect(failing).toHaveBeenCalledTimes(2);
  await settle();
  expect(model.channels.every(({ closed }) => closed)).toBe(true);
  expect(session.usable).toBe(true);
});

test('amqp session: a declaration with many parts may take longer than the timeout for one answer', async () => {
  const part = Promise.withResolvers<null>();
  const declaring = session.declareOnce('delays', async (_, heard) => {
    await part.promise;
    heard();
    await clock.sleep(10_000, new AbortController().signal);
  });
  await settle();
  clock.advance(9_999);
  part.resolve(null);
  await settle();
  clock.advance(1);
  await settle();
  clock.advance(9_999);
  await settle();
  await expect(declaring).resolves.toBeUndefined();
});

test('amqp session: a message that closes the channel is distinguished from those after it', async () => {
  const sending = session.publish([makeMessage('ok'), makeMessage('bad'), makeMessage('after')]);
  await settle();
  first.published[0]!.confirm();
  first.emit('error', closedWith(406));
  for (const { confirm } of first.published.slice(1)) confirm(new Error('channel closed'));
  await settle();
  // Each message is published again separately.
  expect(model.channels[0]!.published.map(({ taskId }) => taskId)).toEqual(['bad']);
  model.channels[0]!.emit('error', closedWith(406));
  model.channels[0]!.published[0]!.confirm(new Error('channel closed'));
  await settle();
  expect(model.channels[1]!.published.map(({ taskId }) => taskId)).toEqual(['after']);
  model.channels[1]!.published[0]!.confirm();
  expect(await sending).toEqual(['acked', expect.objectContaining({ code: 406 }), 'acked']);
  expect(session.usable).toBe(true);
});

test('amqp session: a channel that is closed for any other reason ends the session', async () => {
  const sending = session.publish([makeMessage('a')]).catch((error: unknown) => String(error));
  await settle();
  first.emit('error', closedWith(541));
  expect(session.usable).toBe(false);
  expect(cut.aborted).toBe(true);
  expect(await sending).toContain('Channel closed by server: 541');
});

test('amqp session: ends when the connection ends, with the same reason', async () => {
  model.emit('close', new Error('CONNECTION-FORCED'));
  expect(session.usable).toBe(false);
  await expect(session.publish([makeMessage('a')])).rejects.toThrow('CONNECTION-FORCED');
  await expect(session.publish([toOther('a')])).rejects.toThrow('CONNECTION-FORCED');
  expect(first.published).toEqual([]);
});

test('amqp session: has the reason while the server blocks publishers', () => {
  expect(session.blocked).toBeNull();
  model.emit('blocked', 'low on memory');
  expect(session.blocked).toBe('low on memory');
  model.emit('unblocked');
  expect(session.blocked).toBeNull();
});

test('amqp session: closes the connection, and aborts it after 400 ms', async () => {
  model.close.mockImplementation(() => new Promise(() => {}));
  let closed = false;
  const closing = session.close().then(() => (closed = true));
  await settle();
  clock.advance(399);
  await settle();
  expect([closed, cut.aborted]).toEqual([false, false]);
  clock.advance(1);
  await closing;
  expect(cut.aborted).toBe(true);
  await session.close();
  expect(model.close).toHaveBeenCalledTimes(1);
});

test('amqp session: a connection that takes too long to open is aborted', async () => {
  made.open.mockImplementation((_: unknown, __: unknown, signal: AbortSignal) => {
    cut = signal;
    return new Promise(() => {});
  });
  const opening = Session.open(
    parseAmqpUrl(parseEndpoint('amqp://rabbit/?connect_timeout=0.5')),
    {
      clock,
      connection: { ...DEFAULT_CONNECTION, timeout: 1_000 },
      transport: DEFAULT_TRANSPORT,
      answerTimeout: 10_000,
    },
    new AbortController().signal,
  ).catch((error: unknown) => String(error));
  await settle();
  clock.advance(500);
  expect(await opening).toContain('RabbitMQ did not answer in 500 ms');
  expect(cut.aborted).toBe(true);
});
