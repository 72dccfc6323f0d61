// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type { SkipReason } from '../catalog/catch-up.ts';
import type { Message } from '../message/message.ts';
import type { RunCause } from '../message/run.ts';
import type { Operation } from './operation.ts';

/** This instance acquired the lock and began a term. */
export interface LeadingEvent {
  /** The fencing token of the term: larger than that of every earlier term. */
  readonly term: number;
}

/** The leader renewed the lock. */
export interface RenewedEvent {
  /**
   * How long the leader may publish without another renewal.
   * @unit ms
   */
  readonly trustedForMs: number;
}

/** This instance waits for the lock. */
export interface FollowingEvent {
  /** Why it does not lead. */
  readonly reason: string;
}

/** The leader has read the stored state of all entries and begins to schedule them. */
export interface SchedulingEvent {
  /** The fencing token of the term. */
  readonly term: number;
  /** How many entries are enabled. */
  readonly entries: number;
  /** How many entries changed since their state was last written, by kind of change; empty for none. */
  readonly changes: Readonly<Partial<Record<EntryChange, number>>>;
  /** Whether the store has lost the state that this instance wrote before. */
  readonly ledgerLost: boolean;
}

/** How the configuration of an entry differs from its stored state. */
export type EntryChange =
  /** It is new. */
  | 'added'
  /** Its schedule changed. */
  | 'edited'
  /** It was disabled or absent, and is enabled again. */
  | 'enabled'
  /** It is disabled. */
  | 'disabled'
  /** It is no longer in the configuration. */
  | 'removed';

/** The leader found a change of an entry. Emitted before `scheduling`. */
export interface EntryChangedEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** What changed. */
  readonly change: EntryChange;
}

/** A new or changed entry will never run: an `at` in the past, for example. */
export interface NeverDueEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** What changed. */
  readonly change: 'added' | 'edited' | 'enabled';
  /** A description of its schedule. */
  readonly schedule: string;
}

/** The leader applied or rejected a command. */
export interface CommandEvent {
  /** The id that its sender gave it; `null` for a command without one. */
  readonly id: string | null;
  /** Such as `pause`; `null` for a command that cannot be parsed. */
  readonly do: string | null;
  /** The entry that it is about; `null` for a command about no entry. */
  readonly entry: string | null;
  /**
   * When it was sent, by the clock of its sender; `null` if unknown.
   * @unit epoch ms
   */
  readonly at: number | null;
  /** Who sent it; empty if unknown. */
  readonly by: string;
  /** Why it was sent; `null` if it does not say. */
  readonly reason: string | null;
  /** Whether it was applied. */
  readonly status: 'applied' | 'rejected';
  /** What was done, or why the command was rejected. */
  readonly answer: string;
}

/** The configuration was replaced. */
export interface ReloadedEvent {
  /** The files that it was read from; empty for one made in code. */
  readonly files: readonly string[];
  /** How many entries it has. */
  readonly entries: number;
  /** How many of them are new. */
  readonly added: number;
  /** How many differ from before; those with functions in their arguments always do. */
  readonly changed: number;
  /** How many entries it has no longer. */
  readonly removed: number;
}

/** The configuration was not replaced: it is invalid, or changes settings that need a restart. */
export interface ReloadFailedEvent {
  /** The error, with its message in the log. Of a `ConfigError`, `errors` has each problem. */
  readonly error: unknown;
}

/** A run was committed and its messages are in their queues. */
export interface SentEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** The name of the task. */
  readonly task: string;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** The queue of the first message, or its exchange if the message names no queue. */
  readonly queue: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** Why it was published. */
  readonly cause: RunCause;
  /**
   * When its messages were rendered. The log has `latenessMs` instead: how much later than `dueAt` that was.
   * @unit epoch ms
   */
  readonly sentAt: number;
  /** The fencing token of the term. */
  readonly term: number;
  /** All messages of the run in publishing order; not in the log. */
  readonly messages: readonly Message[];
}

/** The relay published a message that was delayed in the outbox. */
export interface DeliveredEvent {
  /** The name of the entry. */
  readonly entry: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** Why the run was published. */
  readonly cause: RunCause;
  /** The name of the task. */
  readonly task: string;
  /** The id of the task. */
  readonly taskId: string;
  /** Where the message went, such as `queue "celery"`. */
  readonly to: string;
  /** The message; not in the log. */
  readonly message: Message;
}

/** The number of messages that wait in the outbox changed, or the oldest of them did. */
export interface OutboxEvent {
  /** How many messages the broker rejects; they are published again after a pause. */
  readonly waiting: number;
  /**
   * When the oldest of them was due; `null` if none waits.
   * @unit epoch ms
   */
  readonly oldest: number | null;
}

/** A run has an outcome. Needs `resultBackend`; a task that ignores its result has none. */
export interface OutcomeEvent {
  /** The name of the entry. */
  readonly entry: string;
  /**
   * The nominal instant of the run.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** The name of the task. */
  readonly task: string;
  /**
   * When its messages were rendered.
   * @unit epoch ms
   */
  readonly sentAt: number;
  /**
   * `SUCCESS`, `FAILURE` or `REVOKED`, as the worker stored it; `LOST` if a run of an entry that limits overlap has no
   * outcome within `maxRuntime`.
   */
  readonly state: string;
  /**
   * When the worker stored it; `null` if unknown.
   * @unit epoch ms
   */
  readonly doneAt: number | null;
  /**
   * How long the task ran. Known of shell commands with results in JSON only, else `null`: Celery does not store it.
   * @unit ms
   */
  readonly runtimeMs: number | null;
  /** The name of the worker, if workers have `result_extended`; else `null`. */
  readonly worker: string | null;
  /** The exception in one line; `null` unless the run failed. */
  readonly error: string | null;
}

/** Occurrences of an entry were skipped: beat will never run them. */
export interface SkippedEvent {
  /** The name of the entry. */
  readonly entry: string;
  /** Why they were skipped. */
  readonly reason: SkipReason;
  /**
   * The oldest skipped occurrence.
   * @unit epoch ms
   */
  readonly first: number;
  /**
   * The newest skipped occurrence.
   * @unit epoch ms
   */
  readonly last: number;
  /** How many occurrences; `null` if there are more than 10,000. */
  readonly count: number | null;
  /** Those of them that were committed before it turned out that no queue receives them. */
  readonly withdrawn?: readonly WithdrawnRun[];
}

/** A committed run of which no queue has received a message, and none will. */
export interface WithdrawnRun {
  /** The id under which its result would be found. */
  readonly taskId: string;
  /**
   * Its nominal instant.
   * @unit epoch ms
   */
  readonly dueAt: number;
  /** The fencing token of the term that withdrew it. */
  readonly term: number;
}

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
  /** This instance is not notified when the leader stops, so that it takes over later. */
  | 'takeover'
  /** Consumed messages cannot be removed from the tables of a SQL broker. */
  | 'pruning';

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

/** The leader finished a tick. */
export interface TickEvent {
  /** How many runs it sent. */
  readonly sent: number;
  /**
   * When the next tick is due; `Infinity` for never, which is `null` in the log.
   * @unit epoch ms
   */
  readonly wakeAt: number;
}

/** Every event by name, with its payload. `@log` has the level of its log line. */
export interface BeatEvents {
  /** @log info; debug for further terms that cannot begin */
  leading: [LeadingEvent];
  /** @log info; debug after further terms that cannot begin */
  following: [FollowingEvent];
  /** @log debug */
  renewed: [RenewedEvent];
  /** @log info; warn if `ledgerLost` */
  scheduling: [SchedulingEvent];
  /** @log info */
  reloaded: [ReloadedEvent];
  /** @log error */
  'reload-failed': [ReloadFailedEvent];
  /** @log debug */
  'entry-changed': [EntryChangedEvent];
  /** @log warn */
  'never-due': [NeverDueEvent];
  /** @log info */
  sent: [SentEvent];
  /** @log info */
  delivered: [DeliveredEvent];
  /** @log debug */
  outbox: [OutboxEvent];
  /** @log warn; debug if it succeeded */
  outcome: [OutcomeEvent];
  /** @log warn */
  skipped: [SkippedEvent];
  /** @log info; warn if it was rejected */
  command: [CommandEvent];
  /** @log warn when an outage begins and at growing intervals, with `failures` and `forMs` (ms) so far; else debug */
  failure: [FailureEvent];
  /** @log info when an outage ends, with its `failures` and `forMs` (ms); else debug */
  recovered: [RecoveredEvent];
  /** @log warn; info if it ended */
  warning: [WarningEvent];
  /** @log info for the first; debug for others */
  skew: [SkewEvent];
  /** @log debug */
  tick: [TickEvent];
  /**
   * The instance has stopped: the lock is released and the store is closed.
   * @log info
   */
  stopped: [];
}
