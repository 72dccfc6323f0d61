/**
 * The order in which the servers of a cluster are tried, as with Celery's `broker_failover_strategy`: first the last
 * reachable one, then those after it in the list, or all others in random order.
 */
export class Failover<T> {
  readonly #all: readonly T[];
  readonly #shuffle: boolean;
  #current = 0;

  constructor(all: readonly T[], strategy: 'round-robin' | 'shuffle') {
    this.#all = all;
    this.#shuffle = strategy === 'shuffle';
    if (this.#shuffle) this.#current = Math.floor(Math.random() * all.length);
  }

  /** All servers, in the order in which to try them. */
  cycle(): T[] {
    const start = this.#current;
    const rotated = [...this.#all.slice(start), ...this.#all.slice(0, start)];
    if (!this.#shuffle) return rotated;
    const [first, ...others] = rotated;
    return first === undefined ? [] : [first, ...shuffled(others)];
  }

  /** The server is reachable: the next cycle begins with this server. */
  markReachable(one: T): void {
    this.#current = Math.max(0, this.#all.indexOf(one));
  }

  /** The server does not answer, and each attempt takes the whole timeout: the next cycle ends with this server. */
  markUnresponsive(one: T): void {
    this.#current = (this.#all.indexOf(one) + 1) % this.#all.length;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
