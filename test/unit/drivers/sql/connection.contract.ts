import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import type { Connection } from '../../../../src/drivers/sql/dialect.ts';
import type { Clock } from '../../../../src/util/clock.ts';
import { systemClock } from '../../../../src/util/system-clock.ts';
import { settle } from '../../../support/settle.ts';

interface LoginOptions {
  readonly timeout?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

type Login<S> = (server: S, options?: LoginOptions) => Promise<Connection>;

type Connect<S> = (
  server: S,
  options: { readonly name: string; readonly timeout: number; readonly clock: Clock },
  signal: AbortSignal,
) => Promise<Connection>;

/** Returns a function that connects to a server. Its connections are closed after each test. */
export function makeLogin<S>(connect: Connect<S>): Login<S> {
  const open: Connection[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });
  return async (server, options = {}) => {
    const { timeout = 5_000, clock = systemClock, signal } = options;
    const given = { name: 'beat-test', timeout, clock };
    const connection = await connect(server, given, signal ?? new AbortController().signal);
    open.push(connection);
    return connection;
  };
}

/** A server that records statements and the ends of its connections. */
interface RecordingServer extends AsyncDisposable {
  readonly events: readonly string[];
  closeConnection(): unknown;
}

interface Replies {
  /** `null` sends no reply. */
  readonly login?: Buffer | null;
  readonly query?: (text: string) => Buffer | null;
}

interface ConnectionContract<S> {
  readonly name: string;
  readonly start: (replies?: Replies) => Promise<S>;
  readonly login: Login<S>;
  /** The reply to a statement that changed this number of rows. */
  readonly done: (changes: number) => Buffer;
  /** The reply to an invalid statement. */
  readonly failed: Buffer;
  /** The reply to a login with a wrong password. */
  readonly denied: Buffer;
}

/** How connections to all database servers begin, fail and end. */
export function connectionContract<S extends RecordingServer>({
  name,
  start,
  login,
  done,
  failed,
  denied,
}: ConnectionContract<S>): void {
  const ask = (text: string) => ({ text, values: [] });

  test(`${name} connection: ignores the signal of connect after it is open`, async () => {
    await using server = await start();
    const opening = new AbortController();
    const connection = await login(server, { signal: opening.signal });
    expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
    opening.abort();
    await connection.run(ask('SELECT 1'));
    expect(connection.usable).toBe(true);
  });

  test(`${name} connection: an abort ends a login that the server does not answer`, async () => {
    await using server = await start({ query: () => null });
    const opening = new AbortController();
    // Longer than any test may take.
    const failing = expect(login(server, { signal: opening.signal, timeout: 600_000 })).rejects.toThrow();
    await vi.waitFor(() => expect(server.events).toHaveLength(2));
    opening.abort();
    await failing;
    await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
    expect(getEventListeners(opening.signal, 'abort')).toEqual([]);
  });

  test(`${name} connection: a login that the server does not answer in time fails`, async () => {
    await using server = await start({ login: null });
    await expect(login(server, { timeout: 100 })).rejects.toThrow(/timeout|ETIMEDOUT/);
    await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
  });

  test(`${name} connection: an aborted signal opens no connection`, async () => {
    await using server = await start();
    await expect(login(server, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(server.events).toEqual([]);
  });

  test(`${name} connection: run returns the number of changed rows, and an error leaves the connection usable`, async () => {
    await using server = await start({ query: (text) => (text === 'bad' ? failed : done(3)) });
    const connection = await login(server);
    expect(await connection.run(ask('SELECT 1'))).toEqual({ rows: [], changes: 3 });
    await expect(connection.run(ask('bad'))).rejects.toThrow('no');
    expect(connection.usable).toBe(true);
  });

  test(`${name} connection: is not usable after a statement that the server does not answer`, async () => {
    await using server = await start({ query: (text) => (text === 'slow' ? null : done(0)) });
    const connection = await login(server, { timeout: 200 });
    await expect(connection.run(ask('slow'))).rejects.toThrow(/timeout/);
    expect(connection.usable).toBe(false);
  });

  test(`${name} connection: close ends the session, and leaves no timer`, async () => {
    await using server = await start();
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

  test(`${name} connection: is closed after the server denied the login`, async () => {
    await using server = await start({ login: denied });
    await expect(login(server)).rejects.toThrow('no');
    await vi.waitFor(() => expect(server.events).toEqual(['connection', 'close']));
  });

  test(`${name} connection: is closed when the server rejects the settings of the session`, async () => {
    await using server = await start({ query: () => failed });
    await expect(login(server)).rejects.toThrow('no');
    await vi.waitFor(() => expect(server.events.at(-1)).toBe('close'));
    expect(server.events).toHaveLength(3);
  });

  test(`${name} connection: is not usable once the server has closed it`, async () => {
    await using server = await start();
    const connection = await login(server);
    server.closeConnection();
    await vi.waitFor(() => expect(connection.usable).toBe(false));
    await settle();
    expect(connection.usable).toBe(false);
  });
}
