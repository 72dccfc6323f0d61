// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type { Operation } from './operation.ts';

/** An operation failed and will be retried. Emitted for every failure. */
export interface FailureEvent {
  /** What failed. */
  readonly operation: Operation;
  /** What was thrown; the log has its message. */
  readonly error: unknown;
}

/** An operation that failed before succeeded. */
export interface RecoveredEvent {
  /** What recovered. */
  readonly operation: Operation;
}

/** Conditions that endanger beat's guarantees although everything works. */
export type WarningKind =
  /** The clocks of this host and the store differ by a second or more. */
  | 'clock'
  /** Redis may evict queues or schedule state. */
  | 'eviction'
  /** Some of several lock servers are unreachable. */
  | 'locks'
  /** 100 or more messages are delayed in the outbox. */
  | 'outbox'
  /** The outbox has messages that cannot be read, and are not published. */
  | 'unreadable-messages'
  /** This instance is not notified when the leader stops, so that it takes over later. */
  | 'takeover'
  /** The index of stored entries has members that name no entry. */
  | 'stored-entries'
  /** The index of stored entries by name cannot be written: searches read all names. */
  | 'name-index'
  /** A scheduler that beat has replaced still works in the same store, or beside it. */
  | 'other-scheduler'
  /** Consumed messages cannot be removed from the tables of a SQL broker. */
  | 'pruning'
  /** Tasks end without events, or workers send them in a format that beat does not read: outcomes have no runtime. */
  | 'task-events';

/** A condition that endangers beat's guarantees began, changed or ended. */
export interface WarningEvent {
  /** What the warning is about. */
  readonly kind: WarningKind;
  /** What is wrong; `null` if the condition has ended. The log then has `resolved: true` instead. */
  readonly message: string | null;
}

/** Reports a warning when its condition begins or changes, and `null` when it ends. */
export type Warn = (kind: WarningKind, message: string | null) => void;

/** The leader measured the clock skew between this host and the store. */
export interface SkewEvent {
  /** The product, such as `Redis`. */
  readonly store: string;
  /**
   * How far this host's clock is ahead of the store's; negative if it is behind.
   * @unit ms
   */
  readonly ms: number;
  /**
   * The accuracy of the measurement.
   * @unit ms
   */
  readonly within: number;
}
