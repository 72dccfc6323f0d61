import type { Sql, Statements } from './statements.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What a statement gave: its rows, and how many it changed. */
export interface Result {
  readonly rows: readonly Row[];
  readonly changes: number;
}

/** One session on a server: statements one after the other. */
export interface Connection {
  /** Whether more can be asked of it. */
  readonly usable: boolean;
  /** Rejects with the client's own error, also when no answer came in time: it is not usable then. */
  run(statement: Sql): Promise<Result>;
  /** Says goodbye, or hangs up where nobody answers. Never rejects. */
  close(): Promise<void>;
}

/**
 * What an error of a client or server means.
 * `declined`: the server answers, and will not do it until somebody puts something right.
 * `denied`: the same, for want of a right.
 * `again`: it undid the transaction for reasons that pass by themselves, such as a deadlock.
 * `missing`: a table is not there.
 * `refused`: any other answer.
 * `lost`: there was no answer, or none will come over this connection any more.
 */
export type Fault = 'declined' | 'denied' | 'again' | 'missing' | 'refused' | 'lost';

/** A database server, spoken to in its dialect. Making one reaches for nothing. */
export interface Server {
  /** As people call it: `PostgreSQL`. */
  readonly name: string;
  /** For messages; without the password. */
  readonly where: string;
  /** Who is connected; `null` where that is left to the client. */
  readonly user: string | null;
  /** Takes the password out of what the server sent back. */
  readonly conceal: (text: string) => string;
  readonly sql: Statements;
  /** `name` tells a server's administrator what the connection is for. An abort ends the attempt. */
  connect(name: string, signal: AbortSignal): Promise<Connection>;
  faultOf(error: unknown): Fault;
  /**
   * Calls `heard` once it listens, and for each release of that prefix's lock from then on. Resolves or
   * rejects when the connection is gone, and soon after the signal aborts. `null` where a server tells
   * nobody: followers look.
   */
  readonly listen:
    ((prefix: string, heard: () => void, signal: AbortSignal) => Promise<void>) | null;
}
