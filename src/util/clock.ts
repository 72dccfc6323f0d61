/** Returns a number in `[0, 1)`, any as likely as another. */
export type Random = () => number;

/** The source of time. The wall clock determines what is due, the monotonic clock when a lock expires. */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /**
   * Resolves after `ms` on the monotonic clock (immediately if not positive), or when the signal aborts. Never
   * rejects.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
