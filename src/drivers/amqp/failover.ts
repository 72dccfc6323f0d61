/**
 * The order in which the servers of a cluster are tried, as Celery's `broker_failover_strategy` has it:
 * the one that worked last first, then those after it in the list, or all others in any order.
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

  /** Each of them once. */
  cycle(): T[] {
    const start = this.#current;
    const turned = [...this.#all.slice(start), ...this.#all.slice(0, start)];
    if (!this.#shuffle) return turned;
    const [first, ...others] = turned;
    return first === undefined ? [] : [first, ...shuffled(others)];
  }

  /** It can be reached: the next cycle begins with it. */
  worked(one: T): void {
    this.#current = Math.max(0, this.#all.indexOf(one));
  }

  /** It stands still, which takes long to find out each time: the next cycle ends with it. */
  froze(one: T): void {
    this.#current = (this.#all.indexOf(one) + 1) % this.#all.length;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
