/** The number of audit rows that a store retains; the answers of older commands are deleted. */
export const AUDIT_ROWS = 10_000;

/** Longest command in UTF-8 bytes. The text of a longer one never leaves the store. */
export const MAX_COMMAND = 1_000_000;

/** How much text one read of the log returns at most, in UTF-8 bytes. */
export const PAGE_BYTES = 4 * MAX_COMMAND;

/** A command that waits for the leader. */
export interface PendingCommand {
  /** Identifies the command in its log; differs from the id that its sender chose. */
  readonly key: string;
  /** The text that was appended; `null` if it has more than `MAX_COMMAND` bytes. */
  readonly json: string | null;
}

/** A finished command: a commit removes it from the log and adds its audit row. */
export interface FinishedCommand {
  readonly key: string;
  /** The id that its sender chose; `null` for a command without an id, which has no audit row. */
  readonly id: string | null;
  /** The outcome as JSON, which answers the sender. */
  readonly audit: string;
}

export interface StoredAudit {
  /** The id of its command. */
  readonly id: string;
  readonly json: string;
}

/**
 * Commands for the leader in the order of their arrival, and the audit rows of finished ones. Every process that
 * can write to the store may append; only a commit of the newest term removes.
 */
export interface CommandLog {
  /** Appends a command and notifies the leader. Resolves when the command is durable. */
  append(json: string): Promise<void>;
  /** The oldest commands: at most `limit`, with at most `PAGE_BYTES` of text. Not empty if there are any. */
  pending(limit: number): Promise<readonly PendingCommand[]>;
  /** The existing audit rows of these command ids, by id. */
  findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The newest audit rows, newest first. */
  readAudit(limit: number): Promise<readonly StoredAudit[]>;
  /** Removes the audit row of a command, if there is one. */
  removeAudit(id: string): Promise<void>;
  /**
   * Resolves when a command may have been appended since the last `pending`, or the signal aborts. It may
   * resolve without reason. It never rejects.
   */
  waitForCommand(signal: AbortSignal): Promise<void>;
}

/** A command in a log whose text has not been read, with the length of that text in UTF-8 bytes. */
export interface UnreadCommand {
  readonly key: string;
  readonly bytes: number;
}

export function isReadable({ bytes }: UnreadCommand): boolean {
  return bytes <= MAX_COMMAND;
}

/** The first of the oldest commands, as many as one read may return. */
export function takePage(oldest: readonly UnreadCommand[]): readonly UnreadCommand[] {
  let total = 0;
  const end = oldest.findIndex((each) => {
    if (isReadable(each)) total += each.bytes;
    return total > PAGE_BYTES;
  });
  return end === -1 ? oldest : oldest.slice(0, end);
}
