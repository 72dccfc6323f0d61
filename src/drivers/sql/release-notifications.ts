import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import type { Listen } from './dialect.ts';

/** The pause before reconnecting, in milliseconds. */
const PAUSE = 500;

/**
 * Receives the notifications of released locks. The first follower that waits opens the connection. Each new
 * connection counts as a notification, because those before it are lost.
 */
export class ReleaseNotifications {
  readonly #listen: Listen;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #followers = new Condition();
  readonly #closed = new AbortController();
  #listening: Promise<void> | null = null;
  #notified = false;

  constructor(listen: Listen, prefix: string, clock: Clock) {
    this.#listen = listen;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  /** Called before an attempt: only later notifications end the next wait. */
  reset(): void {
    this.#notified = false;
  }

  /** Resolves on a notification since the last attempt, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#notified || signal.aborted) return;
    this.#listening ??= this.#listenOn();
    await this.#followers.wait(signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#notify();
    await this.#listening;
  }

  /** Reconnects after failures: followers also retry on their own. */
  async #listenOn(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await this.#listen(this.#prefix, () => this.#notify(), signal).catch(() => {});
      await this.#clock.sleep(PAUSE, signal);
    }
  }

  #notify(): void {
    this.#notified = true;
    this.#followers.notifyAll();
  }
}
