// docs/events.md is generated from the comments and tags of this file: `npm run docs`.

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
