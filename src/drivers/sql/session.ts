import type { Clock } from '../../util/clock.ts';

export interface SessionOptions<Address> {
  readonly address: Address;
  /** Shows the server's administrator the purpose of the connection. */
  readonly name: string;
  /** The limit for an answer. Milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** How long a server may take to close a connection before it is cut. Milliseconds. */
const CLOSE_TIMEOUT = 300;

/** Connects in the first TLS mode that the server accepts. An abort ends the attempt. */
export async function connectInModes<Mode, Session>(
  modes: readonly Mode[],
  signal: AbortSignal,
  connect: (mode: Mode) => Promise<Session>,
  isRejected: (error: unknown) => boolean,
): Promise<Session> {
  for (const [i, mode] of modes.entries()) {
    signal.throwIfAborted();
    try {
      return await connect(mode);
    } catch (error) {
      if (i === modes.length - 1 || !isRejected(error)) throw error;
    }
  }
  throw new Error('no TLS mode to connect with');
}

/** Resolves when the server has closed the connection, or after `CLOSE_TIMEOUT`. */
export async function waitForEnd(ending: Promise<unknown>, clock: Clock): Promise<void> {
  const done = new AbortController();
  await Promise.race([ending.catch(() => {}), clock.sleep(CLOSE_TIMEOUT, done.signal)]);
  done.abort();
}
