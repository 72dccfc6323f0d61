import type { TransportOptions } from '../broker/connection-settings.ts';
import type { ServerUrl, ServerUrls } from '../broker/server-url.ts';

/** An entry of RedBeat, as Redis has it. */
export interface RedBeatRecord {
  readonly key: string;
  /** The fields of its hash, JSON; `null` if it has none. */
  readonly definition: string | null;
  readonly meta: string | null;
}

export interface RedBeatSource {
  readonly server: ServerUrls;
  readonly transport: TransportOptions;
  readonly prefix: string;
}

/** Reads all entries of RedBeat; `null` for none. Rejects with a `StoreError`, also if the keys are not RedBeat's. */
export type ReadRedBeat = (source: RedBeatSource) => Promise<readonly RedBeatRecord[] | null>;

/** A row of another program's table, with all values as the server writes them as text. */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * Reads whole tables in one read-only transaction, by name; a table that does not exist is absent. Rejects with a
 * `StoreError` if the database is unreachable or the user lacks rights. Throws a `ConfigError` for an invalid URL.
 */
export type ReadTables = (
  server: ServerUrl,
  tables: readonly string[],
) => Promise<ReadonlyMap<string, readonly TextRow[]>>;
