import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Session } from '../../../../src/drivers/amqp/session.ts';
import { addressOf } from '../../../../src/drivers/amqp/url.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { makeMessage } from '../../../support/message.ts';
import { toExchange } from '../../../support/exchanges.ts';
import { settle } from '../../../support/settle.ts';

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
/** Ends the socket of the connection. */
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
  const introduction = { heartbeat: 0, login: 'PLAIN' as const, clientProperties: {} };
  session = await Session.open(
    addressOf('amqp://rabbit/'),
    { clock, connectTimeout: 1_000, answerTimeout: 10_000, introduction },
    new AbortController().signal,
  );
});
afterEach(() => {
  vi.clearAllMocks();
});

const closedWith = (code: number) =>
  Object.assign(new Error(`Channel closed by server: ${code}`), { code });
const toOther = (taskId: string) =>
  makeMessage(taskId, { destination: toExchange('other', 'topic', 'key') });

test('amqp session: resolves with the answer to each message, in the order of the messages', async () => {
  const sending = session.send([makeMessage('a'), toOther('b'), makeMessage('c')]);
  await settle();
  const [other] = model.channels;
  expect(first.published.map(({ taskId }) => taskId)).toEqual(['a', 'c']);
  expect(other!.published.map(({ taskId }) => taskId)).toEqual(['b']);
  first.published[1]!.confirm(new Error('message nacked'));
  other!.published[0]!.confirm();
  first.published[0]!.confirm();
  expect(await sending).toEqual(['taken', 'taken', 'nacked']);
});

test('amqp session: messages come back where no queue takes them, unless they may have none', async () => {
  const sending = [session.send([makeMessage('a')]), session.send([makeMessage('b')], false)];
  await settle();
  expect(first.published.map(({ mandatory }) => mandatory)).toEqual([true, false]);
  for (const { confirm } of first.published) confirm();
  await Promise.all(sending);
});

test('amqp session: each exchange has one channel, which all its messages go through', async () => {
  const sending = [session.send([toOther('a')]), session.send([toOther('b')])];
  await settle();
  const [other, ...more] = model.channels;
  expect(more).toEqual([]);
  for (const { confirm } of other!.published) confirm();
  expect(await Promise.all(sending)).toEqual([['taken'], ['taken']]);
});

test('amqp session: a message that comes back before its confirmation has no queue', async () => {
  const sending = session.send(['a', 'a', 'a', 'b'].map((taskId) => makeMessage(taskId)));
  await settle();
  const comesBack = { fields: { routingKey: 'celery' }, properties: { correlationId: 'a' } };
  first.emit('return', comesBack);
  first.emit('return', comesBack);
  first.emit('return', { ...comesBack, fields: { routingKey: 'other' } });
  for (const { confirm } of first.published) confirm();
  expect(await sending).toEqual(['unroutable', 'unroutable', 'taken', 'taken']);
});

test('amqp session: a message that cannot be encoded keeps no other from being sent', async () => {
  vi.spyOn(first, 'publish').mockImplementationOnce(() => {
    throw new TypeError('no such type');
  });
  const sending = session.send([makeMessage('wrong'), makeMessage('a')]);
  await settle();
  first.published[0]!.confirm();
  expect(await sending).toEqual([new TypeError('no such type'), 'taken']);
});

test('amqp session: reports every answer to the guard of the connection, and waits on while there are any', async () => {
  const sending = session.send([makeMessage('a'), makeMessage('b')]);
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
  expect(await sending).toEqual(['taken', 'taken']);
  expect(answered).toHaveBeenCalledTimes(2);
});

test('amqp session: rejects what was not answered within the limit', async () => {
  const sending = session.send([makeMessage('a')]).catch((error: unknown) => String(error));
  await settle();
  clock.advance(10_000);
  expect(await sending).toContain('RabbitMQ did not answer in 10000 ms');
});

test('amqp session: declares once what is asked for twice, and again after a failure or forget()', async () => {
  const declare = vi.fn(async () => {});
  await Promise.all([session.once('queue a', declare), session.once('queue a', declare)]);
  await session.once('queue a', declare);
  expect(declare).toHaveBeenCalledTimes(1);
  expect(model.channels.map(({ closed }) => closed)).toEqual([true]);
  session.forget();
  await session.once('queue a', declare);
  expect(declare).toHaveBeenCalledTimes(2);

  const failing = vi.fn(async () => Promise.reject(closedWith(406)));
  await expect(session.once('queue b', failing)).rejects.toThrow('406');
  await expect(session.once('queue b', failing)).rejects.toThrow('406');
  expect(failing).toHaveBeenCalledTimes(2);
  await settle();
  expect(model.channels.every(({ closed }) => closed)).toBe(true);
  expect(session.usable).toBe(true);
});

test('amqp session: a declaration of many parts may take longer than the limit for one answer', async () => {
  const part = Promise.withResolvers<null>();
  const declaring = session.once('delays', async (_, heard) => {
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

test('amqp session: a message that closes the channel is told apart from those after it', async () => {
  const sending = session.send([makeMessage('ok'), makeMessage('bad'), makeMessage('after')]);
  await settle();
  first.published[0]!.confirm();
  first.emit('error', closedWith(406));
  for (const { confirm } of first.published.slice(1)) confirm(new Error('channel closed'));
  await settle();
  // Each is sent again by itself.
  expect(model.channels[0]!.published.map(({ taskId }) => taskId)).toEqual(['bad']);
  model.channels[0]!.emit('error', closedWith(406));
  model.channels[0]!.published[0]!.confirm(new Error('channel closed'));
  await settle();
  expect(model.channels[1]!.published.map(({ taskId }) => taskId)).toEqual(['after']);
  model.channels[1]!.published[0]!.confirm();
  expect(await sending).toEqual(['taken', expect.objectContaining({ code: 406 }), 'taken']);
  expect(session.usable).toBe(true);
});

test('amqp session: a channel that is closed for another reason ends the session', async () => {
  const sending = session.send([makeMessage('a')]).catch((error: unknown) => String(error));
  await settle();
  first.emit('error', closedWith(541));
  expect(session.usable).toBe(false);
  expect(cut.aborted).toBe(true);
  expect(await sending).toContain('Channel closed by server: 541');
});

test('amqp session: ends with the connection, and with its reason', async () => {
  model.emit('close', new Error('CONNECTION-FORCED'));
  expect(session.usable).toBe(false);
  await expect(session.send([makeMessage('a')])).rejects.toThrow('CONNECTION-FORCED');
  await expect(session.send([toOther('a')])).rejects.toThrow('CONNECTION-FORCED');
  expect(first.published).toEqual([]);
});

test('amqp session: knows why the server blocks publishers, until it does no more', () => {
  expect(session.blocked).toBeNull();
  model.emit('blocked', 'low on memory');
  expect(session.blocked).toBe('low on memory');
  model.emit('unblocked');
  expect(session.blocked).toBeNull();
});

test('amqp session: closes by agreement, or after 400 ms without one', async () => {
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

test('amqp session: a connection that takes too long to be made is cut', async () => {
  made.open.mockImplementation((_: unknown, __: unknown, signal: AbortSignal) => {
    cut = signal;
    return new Promise(() => {});
  });
  const introduction = { heartbeat: 0, login: 'PLAIN' as const, clientProperties: {} };
  const opening = Session.open(
    addressOf('amqp://rabbit/?connect_timeout=0.5'),
    { clock, connectTimeout: 1_000, answerTimeout: 10_000, introduction },
    new AbortController().signal,
  ).catch((error: unknown) => String(error));
  await settle();
  clock.advance(500);
  expect(await opening).toContain('RabbitMQ did not answer in 500 ms');
  expect(cut.aborted).toBe(true);
});
