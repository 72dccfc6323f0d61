import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { parseAddress } from '../../../../src/drivers/sql/mysql/address.ts';
import { connect } from '../../../../src/drivers/sql/mysql/connection.ts';
import type { Connection } from '../../../../src/drivers/sql/dialect.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/clock.ts';
import { FakeServer } from '../../../support/fake-server.ts';
import { settle } from '../../../support/settle.ts';

/** A greeting of MySQL 8 without TLS and query attributes. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a8.0.0\0\x01\0\0\0abcdefgh\0', 'latin1'),
  Buffer.from([0xff, 0xf7, 0x2d, 0x02, 0, 0xff, 0xf7, 21]),
  Buffer.alloc(10),
  Buffer.from('abcdefghijkl\0mysql_native_password\0', 'latin1'),
]);
const [QUIT, QUERY] = [1, 3];

/** OK, with the number of changed rows. */
const ok = (changes = 0) => Buffer.from([0, changes, 0, 2, 0, 0, 0]);
const failure = (errno: number) =>
  Buffer.concat([Buffer.from([0xff, errno & 255, errno >> 8]), Buffer.from('#HY000no')]);

function packet(sequence: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length, 0, 0, sequence]), payload]);
}

interface Replies {
  login?: Buffer;
  /** `null` sends no reply. */
  query?: (text: string) => Buffer | null;
}

/** A MySQL server that notes what it is asked, and the ends of its connections. */
async function mysql({ login = ok(), query = () => ok() }: Replies = {}) {
  const events: string[] = [];
  let last: Socket | null = null;
  const receive = (socket: Socket, sequence: number, payload: Buffer) => {
    if (sequence > 0) return void socket.write(packet(sequence + 1, login));
    if (payload[0] === QUIT) return void events.push('quit');
    if (payload[0] !== QUERY) return;
    const text = payload.subarray(1).toString().replace(/\s+/g, ' ').trim();
    events.push(text);
    const reply = query(text);
    if (reply) socket.write(packet(1, reply));
  };
  const server = await FakeServer.start((socket) => {
    events.push('connection');
    last = socket;
    let bytes = Buffer.alloc(0);
    socket.on('close', () => events.push('close'));
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3)) {
        const end = 4 + bytes.readUIntLE(0, 3);
        receive(socket, bytes[3]!, bytes.subarray(4, end));
        bytes = bytes.subarray(end);
      }
    });
    socket.write(packet(0, GREETING));
  });
  return {
    events,
    hangUp: () => last!.end(),
    /** Replies to the last statement. */
    reply: (payload: Buffer) => last!.write(packet(1, payload)),
    address: parseAddress(`sqla+mysql://me@127.0.0.1:${server.port}/jobs`),
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
  { address }: { address: ReturnType<typeof parseAddress> },
  { timeout = 5_000, clock = systemClock, signal = new AbortController().signal }: Options = {},
) {
  const connection = await connect({ address, name: 'beat-test', timeout, clock }, signal);
  open.push(connection);
  return connection;
}

const ASK = { text: 'DO 1', values: [] };

test.each([
  [500, 1, 10],
  [5_000, 4, 10],
  [20_000, 16, 16],
])(
  'mysql connection: with a timeout of %i ms the server limits lock waits to %i s, and idle clients to %i s',
  async (timeout, lock, idle) => {
    await using server = await mysql();
    await login(server, { timeout });
    expect(server.events).toEqual([
      'connection',
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', " +
        `SESSION innodb_lock_wait_timeout = ${lock} ` +
        `/*M!100300 , SESSION idle_transaction_timeout = ${lock} */ ` +
        `/*!50700 , SESSION wait_timeout = ${idle} */`,
      'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    ]);
  },
);

test('mysql connection: ignores the signal of connect after it is open', async () => {
  await using server = await mysql();
  const opening = new AbortController();
  const connection = await login(server, { signal: opening.signal });
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
  opening.abort();
  await connection.run(ASK);
  expect(connection.usable).toBe(true);
});

test('mysql connection: an abort ends a login that the server does not answer', async () => {
  await using server = await mysql({ query: () => null });
  const opening = new AbortController();
  const failed = expect(login(server, { signal: opening.signal })).rejects.toThrow(
    'the store is closed',
  );
  await vi.waitFor(() => expect(server.events).toHaveLength(2));
  opening.abort();
  await failed;
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
});

test('mysql connection: an aborted signal opens no connection', async () => {
  await using server = await mysql();
  await expect(login(server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  expect(server.events).toEqual([]);
});

test('mysql connection: run returns the number of changed rows, and an error leaves the connection usable', async () => {
  await using server = await mysql({ query: (text) => (text === 'bad' ? failure(1064) : ok(3)) });
  const connection = await login(server);
  expect(await connection.run(ASK)).toEqual({ rows: [], changes: 3 });
  await expect(connection.run({ text: 'bad', values: [] })).rejects.toThrow('no');
  expect(connection.usable).toBe(true);
});

test('mysql connection: is not usable after a statement that the server does not answer', async () => {
  await using server = await mysql({ query: (text) => (text === 'slow' ? null : ok()) });
  const connection = await login(server, { timeout: 200 });
  await expect(connection.run({ text: 'slow', values: [] })).rejects.toThrow(/timeout/);
  expect(connection.usable).toBe(false);
});

test('mysql connection: close ends the session, and leaves no timer', async () => {
  await using server = await mysql();
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
  await connection.close();
  expect(sleeps).toHaveLength(1);
});

test('mysql connection: is tried with TLS if the server requires it, and not after another error', async () => {
  await using insisting = await mysql({ login: failure(3159) });
  await expect(login(insisting)).rejects.toThrow('does not support secure connection');
  expect(insisting.events.filter((event) => event === 'connection')).toHaveLength(2);
  await using denying = await mysql({ login: failure(1045) });
  await expect(login(denying)).rejects.toThrow('no');
  expect(denying.events.filter((event) => event === 'connection')).toHaveLength(1);
});

test('mysql connection: is closed after the server denied the login', async () => {
  await using server = await mysql({ login: failure(1045) });
  await expect(login(server)).rejects.toThrow('no');
  await vi.waitFor(() => expect(server.events).toEqual(['connection', 'close']));
});

test('mysql connection: a close lets the server reply to the statement that is running', async () => {
  await using server = await mysql({ query: (text) => (text === 'slow' ? null : ok()) });
  const connection = await login(server, { clock: new ManualClock('2027-03-01T12:00:00Z') });
  const running = connection.run({ text: 'slow', values: [] });
  await vi.waitFor(() => expect(server.events.at(-1)).toBe('slow'));
  const closed = connection.close();
  server.reply(ok(2));
  expect(await running).toEqual({ rows: [], changes: 2 });
  await closed;
});

test('mysql connection: is not usable once the server has closed it', async () => {
  await using server = await mysql();
  const connection = await login(server);
  server.hangUp();
  await vi.waitFor(() => expect(connection.usable).toBe(false));
  await settle();
  expect(connection.usable).toBe(false);
});
