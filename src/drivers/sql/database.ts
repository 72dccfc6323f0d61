import type { Clock } from '../../util/clock.ts';
import { DatabaseError, describeFailure, type FailedOperation } from './database-error.ts';
import type { Connection, SqlDialect, SqlResult, SqlRow } from './dialect.ts';
import { baseOf, CREATE_TABLES, probeRight, rightsOf, type Right } from './rights.ts';
import type { Sql } from './sql.ts';
import type { Statements } from './statements.ts';

/** The pauses before the retries on a server, one per retry. Milliseconds. */
const RETRY_PAUSES = [2, 5, 10, 20, 40, 80, 160];

/** The pauses while a file is locked; the last repeats. Short, because SQLite does not queue writers. Milliseconds. */
const FILE_PAUSES = [1, 2, 5];

/** Runs statements in one transaction; with `Database.separately`, each in its own. */
export interface Transaction {
  run(statement: Sql): Promise<SqlResult>;
}

/** One connection, opened at first use and after a loss. Operations run one by one, in the order of their calls. */
export class Database {
  readonly sql: Statements;
  readonly #dialect: SqlDialect;
  readonly #name: string;
  readonly #clock: Clock;
  /** The limit for one answer, and roughly for the retries of one operation. Milliseconds. */
  readonly #timeout: number;
  readonly #closed = new AbortController();
  #connection: Connection | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `name` is shown to the server's administrator. `timeout` is in milliseconds. */
  constructor(dialect: SqlDialect, name: string, timeout: number, clock: Clock) {
    this.sql = dialect.sql;
    this.#dialect = dialect;
    this.#name = name;
    this.#timeout = timeout;
    this.#clock = clock;
  }

  /** Whether there may be tables: a file may not exist yet. */
  exists(): boolean {
    return this.#dialect.file?.exists() ?? true;
  }

  /** Runs a statement that only reads. Returns no rows before the tables are created. */
  async read(operation: string, statement: Sql): Promise<readonly SqlRow[]> {
    if (!this.exists()) return [];
    return this.#enqueue(operation, async (connection) => {
      try {
        return (await connection.run(statement)).rows;
      } catch (error) {
        if (this.#dialect.classifyError(error) === 'undefined-table') return [];
        throw error;
      }
    });
  }

  /** Runs one statement as a transaction, and returns the number of rows that it changed. */
  async write(operation: string, statement: Sql): Promise<number> {
    return this.#enqueue(operation, async (connection) => (await connection.run(statement)).changes);
  }

  separately(operation: string): Transaction {
    return { run: (statement) => this.#enqueue(operation, (connection) => connection.run(statement)) };
  }

  /**
   * Runs `work` as one transaction, which is on disk once this resolves. If this rejects, the transaction was rolled
   * back; after `connection-lost` it may have been committed. After a temporary failure, such as a deadlock, `work`
   * runs again.
   */
  async transaction<T>(operation: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { begin, commit, rollback } = this.sql;
    return this.#enqueue(operation, async (connection) => {
      await connection.run(begin);
      try {
        const result = await work(connection);
        await connection.run(commit);
        return result;
      } catch (error) {
        // Without an answer the connection is closed, and the server rolls back by itself.
        if (connection.usable) await connection.run(rollback).catch(() => connection.close());
        throw error;
      }
    });
  }

  /** Rejects with the names of all rights that the operation needs and the user lacks. Changes nothing. */
  async requireRights(operation: string): Promise<void> {
    if (this.#dialect.file) return;
    return this.#enqueue(operation, async (connection) => {
      for (const right of rightsOf(operation)) {
        // The first denied probe leads to an error that names all missing rights. Missing tables are created at their
        // first use.
        await connection.run(probeRight(right)).catch((error: unknown) => {
          if (this.#dialect.classifyError(error) !== 'undefined-table') throw error;
        });
      }
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connection?.close();
    await this.#last;
  }

  #enqueue<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#runWithRetries(operation, work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #runWithRetries<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const started = this.#clock.monotonic();
    let tablesMissing = false;
    for (let attempt = 0; ; attempt++) {
      try {
        const connection = await this.#connect();
        if (tablesMissing) await this.#createTables(connection);
        tablesMissing = false;
        return await work(connection);
      } catch (error) {
        const kind = this.#dialect.classifyError(error);
        if (kind === 'connection-lost') await this.#disconnect();
        const waited = this.#clock.monotonic() - started;
        const pause = kind === 'undefined-table' && attempt === 0 ? 0 : this.#pause(attempt);
        tablesMissing ||= kind === 'undefined-table';
        const retryable = kind === 'retryable' || kind === 'undefined-table';
        if (!retryable || waited >= this.#timeout || pause === undefined) {
          throw await this.#describe({ operation, error, kind, waited }, tablesMissing);
        }
        if (pause > 0) await this.#clock.sleep(pause, this.#closed.signal);
      }
    }
  }

  #pause(attempt: number): number | undefined {
    if (!this.#dialect.file) return RETRY_PAUSES[attempt];
    return FILE_PAUSES[Math.min(attempt, FILE_PAUSES.length - 1)];
  }

  async #connect(): Promise<Connection> {
    if (this.#closed.signal.aborted) throw new Error('the store is closed');
    if (!this.#connection?.usable) {
      await this.#disconnect();
      this.#connection = await this.#dialect.connect(this.#name, this.#closed.signal);
    }
    return this.#connection;
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  async #createTables(connection: Connection): Promise<void> {
    const { schema, workerIndexes } = this.#dialect;
    try {
      for (const statement of schema) await connection.run(statement);
    } catch (error) {
      if (connection.usable) await connection.run(this.sql.rollback).catch(() => connection.close());
      throw error;
    }
    // Without the right to create them, workers search their queues more slowly.
    for (const statement of workerIndexes) await connection.run(statement).catch(() => {});
  }

  async #describe(
    { operation, error, kind, waited }: Omit<FailedOperation, 'missingRights' | 'timeout'>,
    tablesMissing: boolean,
  ): Promise<DatabaseError> {
    const base = baseOf(operation);
    if (this.#closed.signal.aborted) {
      const text = `${base}: the store is closed (${this.#dialect.location})`;
      return new DatabaseError(text, kind, { cause: error });
    }
    let missingRights: readonly Right[] = [];
    if (kind === 'denied' && tablesMissing) missingRights = [CREATE_TABLES];
    else if (kind === 'denied') missingRights = await this.#findMissingRights(operation);
    const timeout = this.#timeout;
    return describeFailure(this.#dialect, { operation: base, error, kind, waited, missingRights, timeout });
  }

  /** Probes each right of an operation: the server's own error stops at the first missing one. */
  async #findMissingRights(operation: string): Promise<readonly Right[]> {
    const connection = this.#connection;
    const missing: Right[] = [];
    for (const right of rightsOf(operation)) {
      if (!connection?.usable) break;
      const error: unknown = await connection.run(probeRight(right)).catch((e: unknown) => e);
      if (error instanceof Error && this.#dialect.classifyError(error) === 'denied') missing.push(right);
    }
    return missing;
  }
}
