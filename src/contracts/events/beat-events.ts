// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type { Message } from '../../celery/message/message.ts';
import type { RunCause } from '../../celery/message/run.ts';
import type { SkipReason } from '../../celery/message/skip-reasons.ts';

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

/** Milliseconds since 1970-01-01 UTC. */
export type EpochMs = number;
export type Milliseconds = number;

interface OfEntry {
  /** The name of the entry. */
  readonly entry: string;
}

interface OfRun extends OfEntry {
  /** The nominal instant of the run. */
  readonly dueAt: EpochMs;
  /** The name of the task. */
  readonly task: string;
}

/** This instance acquired the lock and began a term. */
export interface LeadingEvent {
  /** The fencing token of the term: larger than the token of every earlier term. */
  readonly term: number;
}

/** The leader renewed the lock. */
export interface RenewedEvent {
  /** How long the leader may publish without another renewal. */
  readonly trustedForMs: Milliseconds;
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

/** The leader finished a tick. */
export interface TickEvent {
  /** How many runs it sent. */
  readonly sent: number;
  /** When the next tick is due; `Infinity` for never, which is `null` in the log. */
  readonly wakeAt: EpochMs;
}

/** A run was committed and its messages are in their queues. */
export interface SentEvent extends OfRun {
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** The queue of the first message, or its exchange if the message names no queue. */
  readonly queue: string;
  /** Why it was published. */
  readonly cause: RunCause;
  /** When its messages were rendered. The log has `latenessMs` instead: how much later than `dueAt` that was. */
  readonly sentAt: EpochMs;
  /** The fencing token of the term. */
  readonly term: number;
  /** All messages of the run in publishing order; not in the log. */
  readonly messages: readonly Message[];
}

/** The relay published a message that was delayed in the outbox. */
export interface DeliveredEvent extends OfRun {
  /** The id of the task. */
  readonly taskId: string;
  /** Why the run was published. */
  readonly cause: RunCause;
  /** Where the message went, such as `queue "celery"`. */
  readonly to: string;
  /** The message; not in the log. */
  readonly message: Message;
}

/** The number of messages that wait in the outbox changed, or the oldest of them did. */
export interface OutboxEvent {
  /** How many messages the broker rejects; they are published again after a pause. */
  readonly waiting: number;
  /** When the oldest of them was due; `null` if none waits. */
  readonly oldest: EpochMs | null;
}

/** A run has an outcome. Needs `resultBackend` or the task events of workers; see [outcomes](outcomes.md). */
export interface OutcomeEvent extends OfRun {
  /** The id under which the result of the run is found. */
  readonly taskId: string;
  /** When its messages were rendered. */
  readonly sentAt: EpochMs;
  /**
   * `SUCCESS`, `FAILURE` or `REVOKED`, as the worker stored it; `LOST` if a run of an entry that limits overlap has no
   * outcome within `maxRuntime`.
   */
  readonly state: string;
  /** When the worker stored it, or the task ended; `null` if unknown. */
  readonly doneAt: EpochMs | null;
  /** How long the task ran; `null` if unknown. Task events have it, and results of shell commands in JSON. */
  readonly runtimeMs: Milliseconds | null;
  /** The name of the worker; `null` without task events or `result_extended` of the workers. */
  readonly worker: string | null;
  /** The exception in one line; `null` unless the run failed. */
  readonly error: string | null;
}

/** Occurrences of an entry were skipped: beat will never run them. */
export interface SkippedEvent extends OfEntry {
  /** Why they were skipped. */
  readonly reason: SkipReason;
  /** The oldest skipped occurrence. */
  readonly first: EpochMs;
  /** The newest skipped occurrence. */
  readonly last: EpochMs;
  /** How many occurrences; `null` if there were too many to count: more than 10,000 in any case. */
  readonly count: number | null;
  /** The skipped occurrences that were already committed, and that no queue received. */
  readonly withdrawn?: readonly WithdrawnRun[];
}

/** A committed run without a message in any queue, now or later. */
export interface WithdrawnRun {
  /** The id under which its result would be found. */
  readonly taskId: string;
  /** Its nominal instant. */
  readonly dueAt: EpochMs;
  /** The fencing token of the term that withdrew it. */
  readonly term: number;
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
export interface EntryChangedEvent extends OfEntry {
  /** What changed. */
  readonly change: EntryChange;
}

/** A new or changed entry will never run: an `at` in the past, for example. */
export interface NeverDueEvent extends OfEntry {
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
  /** When it was sent, by the clock of its sender; `null` if unknown. */
  readonly at: EpochMs | null;
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
  /** The files that it was read from; empty for a configuration made in code. */
  readonly files: readonly string[];
  /** How many entries it has. */
  readonly entries: number;
  /** How many entries are new. */
  readonly added: number;
  /** How many entries differ from before; entries with functions in their arguments always do. */
  readonly changed: number;
  /** How many entries were removed. */
  readonly removed: number;
}

/** The configuration was not replaced: it is invalid, or changes settings that need a restart. */
export interface ReloadFailedEvent {
  /** The error, with its message in the log. The `errors` of a `ConfigError` have each problem. */
  readonly error: unknown;
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
  /** The outbox has messages that cannot be read, and are not published. */
  | 'unreadable-messages'
  /** This instance is not notified when the leader stops, so that it takes over later. */
  | 'takeover'
  /** The index of stored entries has members that name no entry. */
  | 'stored-entries'
  /** A scheduler that beat has replaced still works in the same store, or beside it. */
  | 'other-scheduler'
  /** MongoDB has no transactions: runs may be published twice under their ids. */
  | 'transactions'
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
  /** How far this host's clock is ahead of the store's; negative if it is behind. */
  readonly ms: Milliseconds;
  /** The accuracy of the measurement. */
  readonly within: Milliseconds;
}

/**
 * An operation that beat retries until it succeeds. Logs, metrics and alerts take their labels from `kind` and the
 * other fields, which are stable.
 */
export type Operation =
  /** Acquire, renew or release the lock. */
  | { readonly kind: 'lock'; readonly action: 'acquire' | 'renew' | 'release' }
  /** Begin a term of leadership and run its first tick. */
  | { readonly kind: 'lead' }
  /** Commit a batch of runs. */
  | { readonly kind: 'commit' }
  /** Commit the run of one entry, which the store rejects although it can be reached. */
  | { readonly kind: 'commit-entry'; readonly entry: string }
  /** Read the stored state of an entry. */
  | { readonly kind: 'read-state'; readonly entry: string }
  /** Read the definition or the state of a stored entry. */
  | { readonly kind: 'read-definition'; readonly entry: string }
  /** Load the stored entries that are due soon. */
  | { readonly kind: 'load-entries' }
  /** Compute the next run of an entry. */
  | { readonly kind: 'schedule'; readonly entry: string }
  /** Compute a run and render its messages. */
  | { readonly kind: 'prepare'; readonly entry: string }
  /** Publish a message of an entry to its target, such as `queue "celery"`. */
  | { readonly kind: 'publish'; readonly entry: string; readonly target: string }
  /** Have workers end runs that newer ones replace. */
  | { readonly kind: 'cancel' }
  /** Read outcomes of runs from the result backend. */
  | { readonly kind: 'read-outcomes' }
  /** Decode the result of a run; the result of a later run may be readable. */
  | { readonly kind: 'read-result'; readonly entry: string }
  /** Receive the task events of workers. */
  | { readonly kind: 'receive-task-events' }
  /** Append outcomes, and runs that were withdrawn, to the history. */
  | { readonly kind: 'append-outcomes' }
  /** Register the sizes of chords with the result backend. */
  | { readonly kind: 'register-chords' }
  /** Read the command log, or apply a command. */
  | { readonly kind: 'commands' }
  /** Publish `task-sent` events. */
  | { readonly kind: 'task-events' }
  /** `beat worker`: receive messages. */
  | { readonly kind: 'receive' }
  /** `beat worker`: acknowledge a message whose job has ended, or return it to its queue. */
  | { readonly kind: 'acknowledge' }
  /** `beat worker`: store the result of a job. */
  | { readonly kind: 'store-result' }
  /** Run a listener of this event. */
  | { readonly kind: 'listener'; readonly event: string };

/**
 * A text that is equal for operations that fail and recover together. The entry of a publish is left out:
 * a target that works for one entry works for all.
 */
export function operationKey(operation: Operation): string {
  if (operation.kind === 'publish') return `publish ${operation.target}`;
  const { kind, ...label } = operation;
  return [kind, ...Object.values(label)].join(' ');
}
