/** Returns a number in `[0, 1)`, any as likely as another. */
export type Random = () => number;

/** The source of time. The wall clock determines what is due, the monotonic clock when a lock expires. */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /** Resolves after `ms` (immediately if not positive) on the monotonic clock, or at an abort. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
