import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import type { Listen } from './dialect.ts';

/** The pause before reconnecting, in milliseconds. */
const PAUSE = 500;

/**
 * Receives the notifications of a server over one connection, which the first wait opens. A new connection counts as a
 * notification on every subject, because earlier notifications are lost.
 */
export class Notifications {
  readonly release = new Topic(() => this.#open());
  readonly command = new Topic(() => this.#open());
  readonly #listen: Listen;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #closed = new AbortController();
  #listening: Promise<void> | null = null;

  constructor(listen: Listen, prefix: string, clock: Clock) {
    this.#listen = listen;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.release.notify();
    this.command.notify();
    await this.#listening;
  }

  #open(): void {
    this.#listening ??= this.#listenUntilClosed();
  }

  /** Reconnects after failures. It does not report them, because waiting callers also poll. */
  async #listenUntilClosed(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await this.#listen(this.#prefix, (subject) => this[subject].notify(), signal).catch(() => {});
      await this.#clock.sleep(PAUSE, signal);
    }
  }
}

/** The notifications on one subject. */
export class Topic {
  readonly #open: () => void;
  readonly #waiters = new Condition();
  #notified = false;

  /** `open` is called by each wait that does not resolve at once. */
  constructor(open: () => void) {
    this.#open = open;
  }

  /** Discards earlier notifications: call this before each attempt, so that a later one causes another attempt. */
  reset(): void {
    this.#notified = false;
  }

  /** Resolves at the first notification since the last reset, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#notified || signal.aborted) return;
    this.#open();
    await this.#waiters.wait(signal);
  }

  notify(): void {
    this.#notified = true;
    this.#waiters.notifyAll();
  }
}
