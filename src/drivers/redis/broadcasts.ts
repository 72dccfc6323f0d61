import { isBroadcast } from '../../broker/kombu.ts';
import type { Clock } from '../../util/clock.ts';
import type { Queues } from '../../routing/queues.ts';

/** Milliseconds for which what was found out about a queue is believed. */
const INTERVAL = 60_000;

/** Beyond this, names are forgotten: routes may compute ever new ones. */
const MOST = 5_000;

interface Look {
  readonly until: number;
  /** What workers have bound; `null` for a queue like any other. */
  readonly members: readonly string[] | null;
}

/**
 * Which queues that nobody has described are kombu's `Broadcast` to workers. A list of that name nobody
 * reads; what is meant is the exchange. Looked up once a minute for each, for tasks of all others wait.
 */
export class Broadcasts {
  readonly #queues: Queues;
  readonly #clock: Clock;
  readonly #sep: string;
  readonly #looks = new Map<string, Look>();

  constructor(queues: Queues, clock: Clock, sep: string) {
    this.#queues = queues;
    this.#clock = clock;
    this.#sep = sep;
  }

  /** Those of these queues that are to be looked up now. */
  unknown(queues: Iterable<string>): string[] {
    const now = this.#clock.monotonic();
    return [...queues].filter((name) => {
      const look = this.#looks.get(name);
      if (look) return look.until <= now;
      const queue = this.#queues.find(name);
      return !queue || !this.#queues.isConfigured(queue);
    });
  }

  /** What stands in the binding set of a queue's name. */
  found(queue: string, members: readonly string[]): void {
    const isOne = members.some((member) => isBroadcast(member, this.#sep));
    const until = this.#clock.monotonic() + INTERVAL;
    if (this.#looks.size >= MOST && !this.#looks.has(queue)) this.#looks.clear();
    this.#looks.set(queue, { until, members: isOne ? members : null });
  }

  /** What workers have bound to it; `null` for a queue that is none. */
  membersOf(queue: string): readonly string[] | null {
    return this.#looks.get(queue)?.members ?? null;
  }
}
