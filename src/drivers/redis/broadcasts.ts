import { isBroadcast } from './kombu.ts';
import type { Clock } from '../../util/clock.ts';
import type { Queues } from '../../celery/routing/queues.ts';

/** Milliseconds for which a snapshot is used. */
const MAX_AGE = 60_000;

/** At this size the snapshots are dropped: routes may compute any number of names. */
const MAX_SNAPSHOTS = 5_000;

interface BindingSnapshot {
  readonly expiresAt: number;
  /** What workers have bound; `null` for an ordinary queue. */
  readonly members: readonly string[] | null;
}

/**
 * Queues outside the configuration that workers declare as kombu's `Broadcast`. No worker reads a list of such
 * a name, so its messages belong to the exchange of the same name. A commit waits for the lookup, so each queue
 * is looked up at most once a minute.
 */
export class Broadcasts {
  readonly #queues: Queues;
  readonly #clock: Clock;
  readonly #sep: string;
  readonly #snapshots = new Map<string, BindingSnapshot>();

  constructor(queues: Queues, clock: Clock, sep: string) {
    this.#queues = queues;
    this.#clock = clock;
    this.#sep = sep;
  }

  /** Returns the queues that have no current snapshot and need one. */
  needLookup(queues: Iterable<string>): string[] {
    const now = this.#clock.monotonic();
    return [...queues].filter((name) => {
      if (this.#isConfigured(name)) return false;
      const snapshot = this.#snapshots.get(name);
      return !snapshot || snapshot.expiresAt <= now;
    });
  }

  /** Stores the binding set of the exchange that has the queue's name. */
  update(queue: string, members: readonly string[]): void {
    const broadcast = members.some((member) => isBroadcast(member, this.#sep));
    const expiresAt = this.#clock.monotonic() + MAX_AGE;
    const isFull = this.#snapshots.size >= MAX_SNAPSHOTS;
    if (isFull && !this.#snapshots.has(queue)) this.#snapshots.clear();
    this.#snapshots.set(queue, { expiresAt, members: broadcast ? members : null });
  }

  /** What workers have bound to a broadcast; `null` for an ordinary queue. */
  findMembers(queue: string): readonly string[] | null {
    if (this.#isConfigured(queue)) return null;
    return this.#snapshots.get(queue)?.members ?? null;
  }

  #isConfigured(name: string): boolean {
    const queue = this.#queues.find(name);
    return queue !== null && this.#queues.isConfigured(queue);
  }
}
