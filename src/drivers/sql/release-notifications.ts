import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import type { Server } from './server.ts';

/** The pause before listening anew, after a connection was lost. Milliseconds. */
const PAUSE = 500;

/**
 * Hears that a holder let go of the lock, from a server that tells. Begun by the first who waits: a leader
 * that never followed keeps no third connection. What is said while nobody listens is lost, so every
 * new connection counts as having heard something.
 */
export class ReleaseNotifications {
  readonly #listen: NonNullable<Server['listen']>;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #followers = new Condition();
  readonly #closed = new AbortController();
  #listening: Promise<void> | null = null;
  #heard = false;

  constructor(listen: NonNullable<Server['listen']>, prefix: string, clock: Clock) {
    this.#listen = listen;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  /** To be called before a try: what is heard from then on is a reason for another. */
  forget(): void {
    this.#heard = false;
  }

  /** Resolves when something was heard since the last try, or the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#heard || signal.aborted) return;
    this.#listening ??= this.#listenOn();
    await this.#followers.wait(signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#tell();
    await this.#listening;
  }

  /** Whatever fails here is tried again, and a follower tries now and then anyway. */
  async #listenOn(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await this.#listen(this.#prefix, () => this.#tell(), signal).catch(() => {});
      await this.#clock.sleep(PAUSE, signal);
    }
  }

  #tell(): void {
    this.#heard = true;
    this.#followers.notifyAll();
  }
}
