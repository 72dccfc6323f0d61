/** One period of leadership. */
export interface Term {
  /** The fencing token. */
  readonly token: number;
  /** Aborts when the instance is to stop: commits under way end, and none begins. */
  readonly stop: AbortSignal;
  /** Aborts with `stop`, and at the end of the term. */
  readonly signal: AbortSignal;
  /** Whether the lock is still held. Reads the clock, so it changes before the signal aborts. */
  readonly trusted: boolean;
}

/** Throws `TermEnded` when the lock may be lost. */
export function requireTrust(term: Term): void {
  if (!term.trusted) throw new TermEnded('the lock can no longer be trusted');
}

/** Thrown by the work of a term that cannot continue: the instance steps down and follows again. */
export class TermEnded extends Error {
  override name = 'TermEnded';
}
