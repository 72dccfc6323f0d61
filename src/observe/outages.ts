import { operationKey, type Operation } from '../contracts/events/beat-events.ts';
import type { Clock } from '../util/clock.ts';

/** Milliseconds between the first two log lines of an outage; doubled after each line, up to the longest. */
const FIRST_INTERVAL = 5_000;
const MAX_INTERVAL = 600_000;

/** How long an outage has lasted, in milliseconds, and how many failures it had. */
export interface Extent {
  readonly failures: number;
  readonly forMs: number;
}

interface Outage {
  readonly since: number;
  /** Keys of the operations that failed and have not recovered. */
  readonly failing: Set<string>;
  failures: number;
  remindAt: number;
  interval: number;
}

/**
 * Groups failures into outages, so that a long one does not fill the disk with log lines. All operations of
 * one group belong to one outage, which ends when each of them has recovered.
 */
export class Outages {
  readonly #clock: Clock;
  readonly #outages = new Map<string, Outage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the extent of the outage if this failure is to be logged, `null` until the next reminder. */
  fail(operation: Operation): Extent | null {
    const now = this.#clock.monotonic();
    const group = selectGroup(operation);
    let outage = this.#outages.get(group);
    if (!outage) {
      outage = {
        ...{ since: now, failing: new Set(), failures: 0 },
        ...{ remindAt: now, interval: FIRST_INTERVAL },
      };
      this.#outages.set(group, outage);
    }
    outage.failing.add(operationKey(operation));
    outage.failures += 1;
    if (now < outage.remindAt) return null;
    outage.remindAt = now + outage.interval;
    outage.interval = Math.min(2 * outage.interval, MAX_INTERVAL);
    return this.#measure(outage);
  }

  /**
   * Marks operations of one group as recovered. Returns the extent of the outage if it ended, `null` if there
   * was none or another of its operations still fails.
   */
  recover(...operations: readonly [Operation, ...Operation[]]): Extent | null {
    const group = selectGroup(operations[0]);
    const outage = this.#outages.get(group);
    for (const operation of operations) outage?.failing.delete(operationKey(operation));
    if (!outage || outage.failing.size > 0) return null;
    this.#outages.delete(group);
    return this.#measure(outage);
  }

  #measure({ since, failures }: Outage): Extent {
    return { failures, forMs: Math.round(this.#clock.monotonic() - since) };
  }
}

/** While the store is unreachable every operation on it fails: that is one outage. */
function selectGroup(operation: Operation): string {
  const { kind } = operation;
  return kind === 'lock' || kind === 'lead' || kind === 'commit'
    ? 'store'
    : operationKey(operation);
}
