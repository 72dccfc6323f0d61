import type { SkipReason } from '../catalog/catch-up.ts';
import type { Message } from '../message/message.ts';
import type { RunCause } from '../message/run.ts';
import type { Operation } from './operation.ts';

/** This instance acquired the lock and began a term. */
export interface LeadingEvent {
  /** The fencing token: larger than that of every earlier term. */
  readonly term: number;
}

/** This instance waits for the lock. */
export interface FollowingEvent {
  /** Why it does not lead. */
  readonly reason: string;
}

/** The leader has read the stored state of all entries and begins to schedule them. */
export interface SchedulingEvent {
  readonly term: number;
  /** How many entries are enabled. */
  readonly entries: number;
  /** How many entries changed since the state was last written, by kind of change; empty for none. */
  readonly changes: Readonly<Partial<Record<EntryChange, number>>>;
  /** The store has no state, although this instance wrote some before. */
  readonly ledgerLost: boolean;
}

/** How the configuration of an entry differs from its stored state. */
export type EntryChange = 'added' | 'edited' | 'enabled' | 'disabled' | 'removed';

/** The configuration of an entry changed since its state was last written. */
export interface EntryChangedEvent {
  readonly entry: string;
  readonly change: EntryChange;
}

/** An entry will never run: an `at` in the past, for example. */
export interface NeverDueEvent {
  readonly entry: string;
  readonly change: Extract<EntryChange, 'added' | 'edited' | 'enabled'>;
  /** A description of its schedule. */
  readonly schedule: string;
}

/** The leader dealt with a command. */
export interface CommandEvent {
  /** The id that its sender gave it; `null` for a command without one. */
  readonly id: string | null;
  /** Such as `pause`; `null` for a command that cannot be parsed. */
  readonly do: string | null;
  readonly entry: string | null;
  /** Who sent it; empty when it does not say. */
  readonly by: string;
  readonly reason: string | null;
  readonly status: 'applied' | 'rejected';
  /** What was done, or why it was rejected. */
  readonly answer: string;
}

/** A run was committed and its messages are in their queues. Instants are epoch milliseconds. */
export interface SentEvent {
  readonly entry: string;
  readonly task: string;
  readonly taskId: string;
  /** The queue of the first message, or its exchange when the message names no queue. */
  readonly queue: string;
  /** The nominal instant of the run. */
  readonly dueAt: number;
  readonly cause: RunCause;
  /** When its messages were rendered. */
  readonly sentAt: number;
  readonly term: number;
  /** All messages of the run, in publishing order. */
  readonly messages: readonly Message[];
}

/** The relay published a message that was delayed in the outbox. */
export interface DeliveredEvent {
  readonly entry: string;
  /** The nominal instant of the run, epoch milliseconds. */
  readonly dueAt: number;
  /** Why it was published. */
  readonly cause: RunCause;
  readonly task: string;
  readonly taskId: string;
  /** Where the message went, such as `queue "celery"`. */
  readonly to: string;
  readonly message: Message;
}

/** Occurrences of an entry were skipped: beat will never run them. Instants are epoch milliseconds. */
export interface SkippedEvent {
  readonly entry: string;
  readonly reason: SkipReason;
  /** The oldest skipped occurrence. */
  readonly first: number;
  /** The newest skipped occurrence. */
  readonly last: number;
  /** How many occurrences; `null` when there are too many to count. */
  readonly count: number | null;
}

/** An operation failed and will be retried. Emitted for every failure. */
export interface FailureEvent {
  readonly operation: Operation;
  readonly error: unknown;
}

/** An operation that failed before succeeded. */
export interface RecoveredEvent {
  readonly operation: Operation;
}

/**
 * What a warning is about: clock skew, a store that evicts keys, unreachable lock servers, slow takeovers,
 * delayed messages in the outbox, or rows that cannot be removed.
 */
export type WarningKind = 'clock' | 'eviction' | 'locks' | 'outbox' | 'takeover' | 'pruning';

/** A condition that endangers beat's guarantees, although nothing fails, began, changed or ended. */
export interface WarningEvent {
  readonly kind: WarningKind;
  /** What is wrong; `null` when the condition has ended. */
  readonly message: string | null;
}

/** Reports a warning when the condition begins or changes, and `null` when it ends. */
export type Warn = (kind: WarningKind, message: string | null) => void;

/** The clock skew between this host and the store was measured. */
export interface SkewEvent {
  /** How far this host's clock is ahead of the store's; negative when it is behind. Milliseconds. */
  readonly ms: number;
  /** The accuracy of the measurement. Milliseconds. */
  readonly within: number;
}

/** The leader finished a tick. */
export interface TickEvent {
  /** How many runs it sent. */
  readonly sent: number;
  /** When the next tick is due: epoch milliseconds, `Infinity` for never. */
  readonly wakeAt: number;
}

/** Every event by name, with its payload. */
export interface BeatEvents {
  leading: [LeadingEvent];
  following: [FollowingEvent];
  scheduling: [SchedulingEvent];
  'entry-changed': [EntryChangedEvent];
  'never-due': [NeverDueEvent];
  sent: [SentEvent];
  delivered: [DeliveredEvent];
  skipped: [SkippedEvent];
  command: [CommandEvent];
  failure: [FailureEvent];
  recovered: [RecoveredEvent];
  warning: [WarningEvent];
  skew: [SkewEvent];
  tick: [TickEvent];
  /** The instance has stopped: the lock is released and the store is closed. */
  stopped: [];
}
