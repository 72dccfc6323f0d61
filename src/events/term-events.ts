// docs/events.md is generated from the comments and tags of this file: `npm run docs`.
import type { EntryChange } from './change-events.ts';

/** This instance acquired the lock and began a term. */
export interface LeadingEvent {
  /** The fencing token of the term: larger than the token of every earlier term. */
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
