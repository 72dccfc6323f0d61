import type { Clock } from '../../util/clock.ts';
import { Condition } from '../../util/condition.ts';
import type { Listen } from './dialect.ts';

/** The pause before reconnecting, in milliseconds. */
const PAUSE = 500;

export type Notifications = ReturnType<typeof createNotifications>;

/** Receives notifications over a connection that the first wait opens; a new one notifies on all subjects. */
export function createNotifications(listen: Listen, prefix: string, clock: Clock) {
  const closed = new AbortController();
  let listening: Promise<void> | null = null;
  const open = () => (listening ??= listenUntilClosed());
  const topics = { release: new Topic(open), command: new Topic(open) };

  /** Reconnects after failures. It does not report them, because waiting callers also poll. */
  async function listenUntilClosed(): Promise<void> {
    while (!closed.signal.aborted) {
      await listen(prefix, (subject) => topics[subject].notify(), closed.signal).catch(() => {});
      await clock.sleep(PAUSE, closed.signal);
    }
  }

  return {
    ...topics,
    async close(): Promise<void> {
      closed.abort();
      topics.release.notify();
      topics.command.notify();
      await listening;
    },
  };
}

export class Topic {
  readonly #open: () => unknown;
  readonly #waiters = new Condition();
  #notified = false;

  /** `open` is called by each wait that does not resolve at once. */
  constructor(open: () => unknown) {
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
