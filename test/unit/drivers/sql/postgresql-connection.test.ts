import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { parseAddress } from '../../../../src/drivers/sql/postgresql/address.ts';
import { connect } from '../../../../src/drivers/sql/postgresql/connection.ts';
import type { Connection } from '../../../../src/drivers/sql/dialect.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { FakeServer } from '../../../support/fake-server.ts';
import { settle } from '../../../support/settle.ts';

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const READY = message('Z', Buffer.from('I'));
const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
const done = (changes: number) =>
  Buffer.concat([message('C', Buffer.from(`UPDATE ${changes}\0`)), READY]);
const failure = (code: string) => message('E', Buffer.from(`SERROR\0C${code}\0Mno\0\0`));

interface Replies {
  login?: Buffer;
  /** `null` sends no reply. */
  query?: (text: string) => Buffer | null;
  /** Whether it closes a connection that says ending. */
  closesPolitely?: boolean;
}

/** A PostgreSQL server without TLS that notes what it is asked, and the ends of its connections. */
async function postgresql({
  login = WELCOME,
  query = () => done(0),
  closesPolitely = true,
}: Replies = {}) {
  const events: string[] = [];
  let last: Socket | null = null;
  const receive = (socket: Socket, type: string, body: Buffer) => {
    if (type === 'X') {
      events.push('quit');
      if (closesPolitely) socket.destroy();
    }
    if (type !== 'Q') return;
    const text = body.toString().replace(/\0$/, '').replace(/\s+/g, ' ').trim();
    events.push(text);
    const reply = query(text);
    if (reply) socket.write(reply);
  };
  const server = await FakeServer.start((socket) => {
    events.push('connection');
    last = socket;
    let isOpen = false;
    socket.on('close', () => events.push('close'));
    if (closesPolitely) socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (let rest = chunk; rest.length > 0;) {
        const start = isOpen ? 1 : 0;
        const end = start + rest.readInt32BE(start);
        const body = rest.subarray(start + 4, end);
        if (isOpen) receive(socket, String.fromCharCode(rest[0]!), body);
        else if (end === 8) socket.write('N');
        else isOpen = socket.write(login);
        rest = rest.subarray(end);
      }
    });
  });
  return {
    events,
    hangUp: () => last!.end(),
    url: `sqla+postgresql://me@127.0.0.1:${server.port}/jobs?sslmode=disable`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const open: Connection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

interface Options {
  readonly timeout?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

async function login(
  { url }: { url: string },
  { timeout = 5_000, clock = systemClock, signal = new AbortController().signal }: Options = {},
) {
  const address = parseAddress(url);
  const connection = await connect({ address, name: 'beat-test', timeout, clock }, signal);
  open.push(connection);
  return connection;
}

const ASK = { text: 'SELECT 1', values: [] };

test('postgresql connection: the server limits a statement to less time than the client', async () => {
  await using server = await postgresql();
  await login(server, { timeout: 1_001 });
  expect(server.events).toEqual([
    'connection',
    'SET statement_timeout = 801; SET lock_timeout = 801; ' +
      'SET idle_in_transaction_session_timeout = 801; ' +
      "SET default_transaction_isolation = 'read committed'; " +
      "SELECT set_config('synchronous_commit', 'on', false) " +
      "WHERE current_setting('synchronous_commit') = 'off'",
  ]);
});

test('postgresql connection: ignores the signal of connect after it is open', async () => {
  await using server = await postgresql();
  const opening = new AbortController();
  const connection = await login(server, { signal: opening.signal });
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
  opening.abort();
  await connection.run(ASK);
  expect(connection.usable).toBe(true);
});

test('postgresql connection: an abort ends a login that the server does not answer', async () => {
  await using server = await postgresql({ query: () => null });
  const opening = new AbortController();
  const failed = expect(login(server, { signal: opening.signal })).rejects.toThrow();
  await vi.waitFor(() => expect(server.events).toHaveLength(2));
  opening.abort();
  await failed;
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
});

test('postgresql connection: an aborted signal opens no connection', async () => {
  await using server = await postgresql();
  await expect(login(server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(server.events).toEqual([]);
});

test('postgresql connection: run returns the number of changed rows, and an error leaves the connection usable', async () => {
  await using server = await postgresql({
    query: (text) => (text === 'bad' ? Buffer.concat([failure('42601'), READY]) : done(3)),
  });
  const connection = await login(server);
  expect(await connection.run(ASK)).toEqual({ rows: [], changes: 3 });
  await expect(connection.run({ text: 'bad', values: [] })).rejects.toThrow('no');
  expect(connection.usable).toBe(true);
});

test('postgresql connection: is not usable after a statement that the server does not answer', async () => {
  await using server = await postgresql({ query: (text) => (text === 'slow' ? null : done(0)) });
  const connection = await login(server, { timeout: 200 });
  await expect(connection.run({ text: 'slow', values: [] })).rejects.toThrow(/timeout/);
  expect(connection.usable).toBe(false);
});

test('postgresql connection: close ends the session, and leaves no timer', async () => {
  await using server = await postgresql();
  const sleeps: { ms: number; signal: AbortSignal }[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      sleeps.push({ ms, signal });
      return systemClock.sleep(ms, signal);
    },
  };
  const connection = await login(server, { clock });
  await connection.close();
  expect(connection.usable).toBe(false);
  await vi.waitFor(() => expect(server.events.slice(-2)).toEqual(['quit', 'close']));
  expect(sleeps.map(({ ms, signal }) => [ms, signal.aborted])).toEqual([[300, true]]);
});

test('postgresql connection: is cut if the server does not close it in 300 ms', async () => {
  await using server = await postgresql({ closesPolitely: false });
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const connection = await login(server, { clock });
  let isClosed = false;
  const closed = connection.close().then(() => (isClosed = true));
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('quit'));
  clock.advance(299);
  await settle();
  expect(isClosed).toBe(false);
  clock.advance(1);
  await closed;
});

test('postgresql connection: is tried without TLS if the server has none or its rules deny it', async () => {
  await using plain = await postgresql();
  await login({ url: plain.url.replace('disable', 'prefer') });
  expect(plain.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using insisting = await postgresql({ login: failure('28000') });
  await expect(login({ url: insisting.url.replace('disable', 'allow') })).rejects.toThrow(
    'does not support SSL',
  );
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await postgresql({ login: failure('28P01') });
  await expect(login({ url: denying.url.replace('disable', 'allow') })).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
});

test('postgresql connection: is closed after the server denied the login', async () => {
  await using server = await postgresql({ login: failure('28P01') });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events).toEqual(['connection', 'close']));
});

test('postgresql connection: is not usable once the server has closed it', async () => {
  await using server = await postgresql();
  const connection = await login(server);
  server.hangUp();
  await vi.waitFor(() => expect(connection.usable).toBe(false));
  await settle();
  expect(connection.usable).toBe(false);
});
