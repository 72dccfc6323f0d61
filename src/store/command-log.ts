/** Audit rows that a store keeps, the newest; the answer of an older command is gone. */
export const AUDIT_ROWS = 10_000;

/** A command that waits for the leader. */
export interface PendingCommand {
  /** Names the command in its log; another than the id that its sender gave it. */
  readonly key: string;
  /** As it was appended. */
  readonly json: string;
}

/** A command that was dealt with: a commit removes it from the log and adds its audit row. */
export interface FinishedCommand {
  readonly key: string;
  /** The id that its sender gave it; `null` for one without an id, which has no audit row. */
  readonly id: string | null;
  /** What became of it, as JSON: the answer to its sender. */
  readonly audit: string;
}

/**
 * Commands for the leader, in the order in which they were appended, and what became of them. Anything that can
 * write to the store may append; only a commit of the newest term removes.
 */
export interface CommandLog {
  /** Resolves when the command is durable, and wakes the leader. */
  append(json: string): Promise<void>;
  /** The oldest commands. */
  pending(limit: number): Promise<readonly PendingCommand[]>;
  /** The audit rows of these command ids, as far as they exist, by id. */
  findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The newest audit rows, newest first. */
  readAudit(limit: number): Promise<readonly string[]>;
  /**
   * Resolves when a command may have been appended since the last `pending`, or the signal aborts. It may
   * resolve without reason. It never rejects.
   */
  waitForCommand(signal: AbortSignal): Promise<void>;
}
