import { operationKey, type Operation } from '../events/operation.ts';
import type { Clock } from '../util/clock.ts';

/** Milliseconds between the first and the second time that an outage is told; doubled after each. */
const FIRST_SILENCE = 5_000;
const LONGEST_SILENCE = 600_000;

/** How long an outage has been going on, milliseconds, and how often something failed in it. */
export interface Extent {
  readonly failures: number;
  readonly forMs: number;
}

interface Outage {
  readonly since: number;
  /** What failed and has not worked since. */
  readonly failing: Set<string>;
  failures: number;
  tellAt: number;
  silence: number;
}

/**
 * Keeps an outage from filling a disk, and from hiding in lines that all say the same: it is told when it
 * begins, then at growing intervals, and when all that failed in it works again. Operations of one group
 * fail together, as everything does that needs a server which is gone: they are one outage.
 */
export class Outages {
  readonly #clock: Clock;
  readonly #outages = new Map<string, Outage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The extent to tell of with this failure, or `null` when it is too soon to tell of the outage again. */
  failed(operation: Operation): Extent | null {
    const now = this.#clock.monotonic();
    const group = groupOf(operation);
    let outage = this.#outages.get(group);
    if (!outage) {
      outage = { since: now, failing: new Set(), failures: 0, tellAt: now, silence: FIRST_SILENCE };
      this.#outages.set(group, outage);
    }
    outage.failing.add(operationKey(operation));
    outage.failures += 1;
    if (now < outage.tellAt) return null;
    outage.tellAt = now + outage.silence;
    outage.silence = Math.min(2 * outage.silence, LONGEST_SILENCE);
    return this.#extentOf(outage);
  }

  /**
   * Takes operations of one group for working. Answers the outage that is over by it, or `null` when there
   * was none, or when something of it still fails.
   */
  worked(...operations: readonly [Operation, ...Operation[]]): Extent | null {
    const group = groupOf(operations[0]);
    const outage = this.#outages.get(group);
    for (const operation of operations) outage?.failing.delete(operationKey(operation));
    if (!outage || outage.failing.size > 0) return null;
    this.#outages.delete(group);
    return this.#extentOf(outage);
  }

  #extentOf({ since, failures }: Outage): Extent {
    return { failures, forMs: Math.round(this.#clock.monotonic() - since) };
  }
}

/** Operations that all fail while the store is unreachable, which is one outage and not five. */
function groupOf(operation: Operation): string {
  const { kind } = operation;
  return kind === 'lock' || kind === 'lead' || kind === 'commit'
    ? 'store'
    : operationKey(operation);
}
