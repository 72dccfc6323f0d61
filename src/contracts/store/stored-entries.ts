/** An entry that was created at run time, as its store holds it. */
export interface StoredEntry {
  readonly entry: string;
  /** Its definition as JSON, in the notation of `beatSchedule`. */
  readonly definition: string;
  /** Its state, encoded; `null` when the state was removed. */
  readonly state: string | null;
  /** When the leader must deal with it next, epoch milliseconds; `null` for never. */
  readonly dueAt: number | null;
}

/** A place in the order of stored entries: by `dueAt`, `null` last, and then by name. */
export type Position = Pick<StoredEntry, 'entry' | 'dueAt'>;

export interface PageOptions {
  readonly limit: number;
  /** The page begins after this position; from the first unless given. */
  readonly after?: Position | undefined;
  /** Limits the page to entries due at or before this instant, epoch milliseconds. */
  readonly dueBy?: number | undefined;
}

/**
 * Entries that were created at run time. The leader writes them, as changes of a commit; any process may read.
 * An index by `dueAt` keeps reading what is due soon as fast among a million entries as among a thousand.
 */
export interface StoredEntries {
  /** The existing entries with these names, in any order. */
  find(entries: readonly string[]): Promise<readonly StoredEntry[]>;
  /** The next entries in the order of `Position`. */
  page(options: PageOptions): Promise<readonly StoredEntry[]>;
}

/** What a search for stored entries by their names reads. */
export interface EntrySearch {
  /** The next positions in their order, without definitions and states, because a search may read all of them. */
  positions(options: Pick<PageOptions, 'limit' | 'after'>): Promise<readonly Position[]>;
  /**
   * The next names that begin with the text, in an order of their own; upper and lower case differ. An index finds
   * them among a million as fast as among a thousand.
   */
  findByPrefix(prefix: string, options: PrefixOptions): Promise<readonly string[]>;
}

export interface PrefixOptions {
  readonly limit: number;
  /** The names begin after this one; from the first unless given. */
  readonly after?: string | undefined;
}

/** `dueAt` as indexes hold it, so that `null` sorts last: the latest instant that a `Date` can hold, and one more. */
export const NEVER_DUE = 8_640_000_000_000_001;

/** A position before every entry. */
export const START = { entry: '', dueAt: -NEVER_DUE } as const satisfies Position;
