// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type {
  EntryChangedEvent,
  NeverDueEvent,
  CommandEvent,
  ReloadedEvent,
  ReloadFailedEvent,
} from './change-events.ts';
import type { FailureEvent, RecoveredEvent, WarningEvent, SkewEvent } from './condition-events.ts';
import type {
  SentEvent,
  DeliveredEvent,
  OutboxEvent,
  OutcomeEvent,
  SkippedEvent,
} from './run-events.ts';
import type {
  LeadingEvent,
  RenewedEvent,
  FollowingEvent,
  SchedulingEvent,
  TickEvent,
} from './term-events.ts';

export type * from './change-events.ts';
export type * from './condition-events.ts';
export type * from './run-events.ts';
export type * from './term-events.ts';

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
