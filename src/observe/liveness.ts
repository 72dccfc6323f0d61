import type { Clock } from '../util/clock.ts';

/**
 * Milliseconds without progress after which the loop counts as stuck. A waiting loop makes progress every second, so
 * only a commit or a process that hangs takes longer.
 */
export const STUCK_AFTER = 60_000;

/** The health of an instance, as plain data that another thread can receive. */
export interface LoopHealth {
  /** Milliseconds since the loop last made progress. */
  readonly idleMs: number;
  /** Whether entries cannot be scheduled because their stored state is unreadable. */
  readonly hasBlockedEntries: boolean;
  /** Whether the configuration in force is not the one in the files. */
  readonly hasReloadFailed: boolean;
}

/** Records when the loop last made progress. Failed attempts count: an outage does not call for a restart. */
export class Liveness {
  readonly #clock: Clock;
  /** Entries that this instance cannot schedule because their stored state is unreadable. */
  blockedEntries: readonly string[] = [];
  /** Why the configuration in force is not the one in the files: the last reload failed. `null` otherwise. */
  reloadError: string | null = null;
  #touchedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#touchedAt = clock.monotonic();
  }

  touch(): void {
    this.#touchedAt = this.#clock.monotonic();
  }

  /** Milliseconds since the loop last made progress. */
  get idleMs(): number {
    return Math.round(this.#clock.monotonic() - this.#touchedAt);
  }

  get alive(): boolean {
    return isAlive(this);
  }

  get health(): LoopHealth {
    return {
      idleMs: this.idleMs,
      hasBlockedEntries: this.blockedEntries.length > 0,
      hasReloadFailed: this.reloadError !== null,
    };
  }
}

/** Whether the loop makes progress, so that a restart would not help. */
export function isAlive({ idleMs }: Pick<LoopHealth, 'idleMs'>): boolean {
  return idleMs < STUCK_AFTER;
}
