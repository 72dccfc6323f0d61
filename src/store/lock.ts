/** Decides who may try to lead. It gives progress; safety comes from the ledger's fencing number. */
export interface Lock {
  /** Tries once, without waiting. `null` when another holds it; rejects when that cannot be known. */
  acquire(): Promise<Lease | null>;
  /**
   * Resolves when there is reason to try again before the usual retry: a holder said that it let go.
   * Resolves too when the signal aborts. May resolve for nothing; never rejects.
   */
  released(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The lock, held by one holder for one span of time. */
export interface Lease {
  /** Extends by a full TTL from now. `false` when the lock is no longer ours; rejects when unknown. */
  renew(): Promise<boolean>;
  /** Lets go, if it is still ours, and tells the followers. Rejects when that cannot be done. */
  release(): Promise<void>;
}
