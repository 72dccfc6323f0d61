/** Decides which instance may try to lead. Safety does not depend on it: the ledger checks the fencing token. */
export interface Lock {
  /** Tries once. Resolves with `null` when another instance holds the lock; rejects when that is unknown. */
  acquire(): Promise<Lease | null>;
  /**
   * Resolves when the holder announces that it released the lock, or when the signal aborts. May resolve
   * without a release; never rejects.
   */
  waitForRelease(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The lock, held by one instance until it expires. */
export interface Lease {
  /** Extends the lease by the full TTL. `false` when the lock is lost; rejects when that is unknown. */
  renew(): Promise<boolean>;
  /** Releases the lock if it is still held, and notifies the followers. Rejects when the outcome is unknown. */
  release(): Promise<void>;
}
