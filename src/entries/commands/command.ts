import type { Definition } from '../catalog/definition.ts';

/** What every command says of itself. Instants are epoch milliseconds. */
interface Sent {
  /** Unique per command: a command that arrives twice is applied once. */
  readonly id: string;
  /** When it was sent, by the clock of its sender; `null` when it does not say. */
  readonly at: number | null;
  /** Who sent it, for the log and the audit trail; empty when it does not say. */
  readonly by: string;
  readonly reason: string | null;
}

/** Publishes no scheduled run of the entry until it is resumed, or until an instant. */
export interface PauseCommand extends Sent {
  readonly do: 'pause';
  readonly entry: string;
  readonly until: number | null;
}

/** Ends a pause. Occurrences of the pause are skipped, not caught up. */
export interface ResumeCommand extends Sent {
  readonly do: 'resume';
  readonly entry: string;
}

/** Publishes a run now, in addition to the runs of the schedule. */
export interface RunCommand extends Sent {
  readonly do: 'run';
  readonly entry: string;
}

/** Skips one occurrence to come: that at `dueAt`, or the next that is not skipped yet. */
export interface SkipCommand extends Sent {
  readonly do: 'skip';
  readonly entry: string;
  readonly dueAt: number | null;
}

/** Publishes a run for each occurrence in `[from, to)`, whether or not it was published before. */
export interface BackfillCommand extends Sent {
  readonly do: 'backfill';
  readonly entry: string;
  readonly from: number;
  readonly to: number;
}

/** Entries that one command adds at most: they are one commit. */
export const MAX_ENTRIES = 1_000;

/** Creates stored entries, all of them or none. */
export interface AddCommand extends Sent {
  readonly do: 'add';
  /** The name of the only one; `null` for several. */
  readonly entry: string | null;
  /** By name. */
  readonly definitions: Readonly<Record<string, Definition>>;
}

/** Replaces the named fields of a stored entry's definition; `null` removes a field. */
export interface UpdateCommand extends Sent {
  readonly do: 'update';
  readonly entry: string;
  readonly definition: Definition;
}

/** Removes a stored entry with its state. */
export interface RemoveCommand extends Sent {
  readonly do: 'remove';
  readonly entry: string;
}

/** Reads the configuration files again. */
export interface ReloadCommand extends Sent {
  readonly do: 'reload';
}

/** What can be asked of a running service: one JSON object in the command log, as in `docs/commands.md`. */
export type Command =
  | PauseCommand
  | ResumeCommand
  | RunCommand
  | SkipCommand
  | BackfillCommand
  | AddCommand
  | UpdateCommand
  | RemoveCommand
  | ReloadCommand;

/** What a command says of itself. Of a malformed one, the fields that can be read; the others are as if absent. */
export interface CommandHeader {
  readonly id: string | null;
  readonly do: Command['do'] | null;
  /** `null` for a command about no entry, or about several. */
  readonly entry: string | null;
  readonly at: number | null;
  readonly by: string;
  readonly reason: string | null;
}

/** Commands that change which stored entries exist. */
export type StoredCommand = AddCommand | UpdateCommand | RemoveCommand;

/** Commands whose effect follows from the entry, its state and the time alone. */
export type EntryCommand =
  PauseCommand | ResumeCommand | RunCommand | SkipCommand | BackfillCommand;
