import { describe, expect, test } from 'vitest';
import type { Mailbox, Reply } from '../../../../src/contracts/broker/mailbox.ts';
import type { ReceivedMessage } from '../../../../src/celery/kombu/envelope.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createLogger } from '../../../../src/observe/logger.ts';
import { answerAsBeat, runRemoteControl } from '../../../../src/leader/remote-control/remote-control.ts';
import { formatNodeName } from '../../../../src/cli/flags/placeholders.ts';
import { settle } from '../../../support/settle.ts';

const NODE = 'celerybeat@host';

/** A request of `celery inspect ping`. */
function request(body: Readonly<Record<string, unknown>>, clock = 5): ReceivedMessage {
  const all = { method: 'ping', arguments: {}, ...REPLY_TO, ...body };
  return {
    headers: { clock, expires: 0 },
    body: Buffer.from(JSON.stringify(all)),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
}

const REPLY_TO = { ticket: 'ticket-1', reply_to: { exchange: 'reply.celery.pidbox', routing_key: 'oid' } };

function rig(maxTickAge = 60_000) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const liveness = { idleMs: 0 };
  const state = { receive: (_: ReceivedMessage): Reply | null => null, serves: 0, closed: false };
  let fail: (error: Error) => void = () => {};
  const mailbox: Mailbox = {
    serve: ({ receive, connected, signal }) => {
      state.receive = receive;
      state.serves += 1;
      connected();
      return new Promise((resolve, reject) => {
        fail = reject;
        signal.addEventListener('abort', () => resolve());
      });
    },
    close: async () => void (state.closed = true),
  };
  const answer = answerAsBeat({ node: NODE, liveness, maxTickAge, log });
  const stop = new AbortController();
  const done = runRemoteControl({ mailbox, node: NODE, effect: 'nothing is lost', clock, log, answer }, stop.signal);
  return { clock, lines, liveness, state, stop, done, fail: (error: Error) => fail(error) };
}

describe('remote control', () => {
  test('a ping is answered with the ticket, and a logical clock after that of the request', () => {
    const { state } = rig();
    const reply = state.receive(request({}, 41));
    expect(reply).toMatchObject({
      exchange: 'reply.celery.pidbox',
      routingKey: 'oid',
      headers: { ticket: 'ticket-1', clock: 42 },
    });
    expect(JSON.parse(reply!.body.toString())).toEqual({ [NODE]: { ok: 'pong' } });
  });

  test.each([
    ['its name', { destination: [NODE, 'other@host'] }, true],
    ['another name', { destination: ['other@host'] }, false],
    ['a glob that matches', { pattern: 'celerybeat@*', matcher: 'glob' }, true],
    ['a glob that does not match', { pattern: 'worker@*', matcher: 'glob' }, false],
    ['a regular expression', { pattern: '.*', matcher: 'pcre' }, false],
    ['no name', { destination: null }, true],
  ])('a request to %s is answered as it should be', (_name, to, isAnswered) => {
    const { state } = rig();
    expect(state.receive(request(to)) !== null).toBe(isAnswered);
  });

  test.each([
    ['another command', request({ method: 'active' })],
    ['a request without a reply', request({ reply_to: undefined })],
    ['a list', { ...request({}), body: Buffer.from('[]') }],
    ['text that is not JSON', { ...request({}), body: Buffer.from('{') }],
    ['pickle', { ...request({}), contentType: 'application/x-python-serialize' }],
  ])('%s gets no answer', (_name, message) => {
    const { state } = rig();
    expect(state.receive(message)).toBeNull();
  });

  test('a stuck loop does not answer, and one log line says so', () => {
    const { state, liveness, lines } = rig(60_000);
    liveness.idleMs = 60_001;
    expect(state.receive(request({}))).toBeNull();
    expect(lines.at(-1)).toContain('not answering ping: the loop made no progress for 60.001 s');
    liveness.idleMs = 10;
    expect(state.receive(request({}))).not.toBeNull();
  });

  test('with a maximum age of 0, beat always answers', () => {
    const { state, liveness } = rig(0);
    liveness.idleMs = 1e9;
    expect(state.receive(request({}))).not.toBeNull();
  });

  test('a connection that is lost is opened again after 5 seconds', async () => {
    const { clock, fail, state, lines, stop, done } = rig();
    fail(new Error('gone'));
    await settle();
    expect(lines.at(-1)).toContain('Remote control: gone; retrying');
    clock.advance(4_999);
    await settle();
    expect(state.serves).toBe(1);
    clock.advance(1);
    await settle();
    expect(state.serves).toBe(2);
    stop.abort();
    await done;
    expect(state.closed).toBe(true);
  });
});

test('remote control: an outage is a warning when it begins, and its further failures are not', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  let serves = 0;
  let isReachable = false;
  const mailbox: Mailbox = {
    serve: async ({ connected }) => {
      serves += 1;
      if (isReachable) connected();
      throw new Error('gone');
    },
    close: async () => {},
  };
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const options = { mailbox, node: NODE, effect: 'nothing is lost', clock, log };
  const stop = new AbortController();
  const done = runRemoteControl({ ...options, answer: () => null }, stop.signal);
  const retry = async () => {
    clock.advance(5_000);
    await settle();
  };
  await settle();
  for (let i = 0; i < 3; i++) await retry();
  expect(serves).toBe(4);
  expect(lines).toEqual([expect.stringContaining('Remote control: gone; retrying')]);
  isReachable = true;
  await retry();
  expect(lines.slice(1)).toEqual([
    expect.stringContaining(`Remote control: answering as ${NODE}`),
    expect.stringContaining('Remote control: gone; retrying'),
  ]);
  stop.abort();
  await done;
});

test('remote control: a stop ends a connection that is being opened, and is not logged as a failure', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const opening = Promise.withResolvers<never>();
  const mailbox: Mailbox = {
    serve: () => opening.promise,
    close: async () => opening.reject(new Error('the connection was closed')),
  };
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const options = { mailbox, node: NODE, effect: 'nothing is lost', clock, log };
  const stop = new AbortController();
  const done = runRemoteControl({ ...options, answer: () => null }, stop.signal);
  stop.abort();
  await done;
  expect(lines).toEqual([]);
});

describe('the name of the node', () => {
  test.each([
    [undefined, 'celerybeat@web-1.example'],
    ['other', 'celerybeat@other'],
    ['mine@', 'mine@web-1.example'],
    ['mine@%h', 'mine@web-1.example'],
    ['%n@%d', 'web-1@example'],
    ['mine@50%%', 'mine@50%'],
  ])('-n %s is %s', (given, name) => {
    expect(formatNodeName(given, 'web-1.example')).toBe(name);
  });

  test('an unknown placeholder is rejected', () => {
    expect(() => formatNodeName('mine@%x', 'host')).toThrow('--hostname mine@%x: unknown placeholder "%x"');
  });
});
