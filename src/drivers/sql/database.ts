import type { Clock } from '../../util/clock.ts';
import { StoreError, type StoreErrorOptions, type Unreachable } from '../../util/errors.ts';
import type { Connection, Fault, Result, Row, Server } from './server.ts';
import { lackingText, MAKE_TABLES, NEEDED, probeOf, type Right } from './rights.ts';
import type { Sql } from './statements.ts';

/** Waits before what the server undid is tried again. Milliseconds. */
const WAITS = [2, 5, 10, 20, 40, 80, 160];

/** What is done within one transaction. */
export interface Transaction {
  run(statement: Sql): Promise<Result>;
}

/** A store's failure, and whose turn it is. */
export class DatabaseError extends StoreError {
  readonly fault: Fault;
  /** Of a `denied` one, the rights that are missing, as far as they can be named. */
  readonly lacking: readonly Right[];

  constructor(
    message: string,
    fault: Fault,
    options: StoreErrorOptions,
    lacking: readonly Right[] = [],
  ) {
    super(message, options);
    this.fault = fault;
    this.lacking = lacking;
  }
}

/**
 * One connection to a database server, made when first used and again when it was lost. What is asked of
 * it is done in that order, one after the other.
 */
export class Database {
  readonly #server: Server;
  readonly #name: string;
  readonly #clock: Clock;
  /** How long an answer is waited for, and about how long the same is tried. Milliseconds. */
  readonly #timeout: number;
  readonly #closed = new AbortController();
  #connection: Connection | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `name` is shown to the server's administrator. */
  constructor(server: Server, name: string, timeout: number, clock: Clock) {
    this.#server = server;
    this.#name = name;
    this.#timeout = timeout;
    this.#clock = clock;
  }

  /** Runs a statement that only reads. Where the tables are not made yet, there are no rows. */
  async read(operation: string, statement: Sql): Promise<readonly Row[]> {
    return this.#inTurn(operation, async (connection) => {
      try {
        return (await connection.run(statement)).rows;
      } catch (error) {
        if (this.#server.faultOf(error) === 'missing') return [];
        throw error;
      }
    });
  }

  /** Runs one statement by itself, and tells how many rows it changed. */
  async write(operation: string, statement: Sql): Promise<number> {
    return this.#inTurn(operation, async (connection) => (await connection.run(statement)).changes);
  }

  /**
   * Runs `work` as one transaction: all of it is on disk once this resolves. When it rejects none of it
   * has happened; but after the `lost` fault it may have. What the server undid is tried again, so `work`
   * may run several times.
   */
  async transaction<T>(operation: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { begin, commit, rollback } = this.#server.sql;
    return this.#inTurn(operation, async (connection) => {
      await connection.run(begin);
      try {
        const result = await work(connection);
        await connection.run(commit);
        return result;
      } catch (error) {
        // A connection that cannot even do this is thrown away, and the server undoes it by itself.
        if (connection.usable) await connection.run(rollback).catch(() => connection.close());
        throw error;
      }
    });
  }

  /** Rejects, naming all of them, when rights are missing that the operation needs. Changes nothing. */
  async requireRights(operation: string): Promise<void> {
    return this.#inTurn(operation, async (connection) => {
      for (const right of NEEDED[operation] ?? []) {
        // The first that is missing has all of them looked for; tables that lack are made when they are used.
        await connection.run(probeOf(right)).catch((error: unknown) => {
          if (this.#server.faultOf(error) !== 'missing') throw error;
        });
      }
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connection?.close();
    await this.#last;
  }

  #inTurn<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#patiently(operation, work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #patiently<T>(operation: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const started = this.#clock.monotonic();
    let lacking = false;
    for (let tries = 0; ; tries++) {
      try {
        const connection = await this.#use();
        if (lacking) await this.#makeTables(connection);
        lacking = false;
        return await work(connection);
      } catch (error) {
        const fault = this.#server.faultOf(error);
        if (fault === 'lost') await this.#drop();
        lacking ||= fault === 'missing';
        const passes = fault === 'again' || fault === 'missing';
        const late = this.#clock.monotonic() - started >= this.#timeout;
        if (!passes || late || tries >= WAITS.length) {
          const making = lacking ? [MAKE_TABLES] : null;
          const denied = fault === 'denied' ? (making ?? (await this.#lacking(operation))) : [];
          throw this.#failure(operation, error, fault, denied);
        }
      }
      await this.#clock.sleep(WAITS[tries]!, this.#closed.signal);
    }
  }

  async #use(): Promise<Connection> {
    if (this.#closed.signal.aborted) throw new Error('the store is closed');
    if (!this.#connection?.usable) {
      await this.#drop();
      this.#connection = await this.#server.connect(this.#name, this.#closed.signal);
    }
    return this.#connection;
  }

  async #drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  async #makeTables(connection: Connection): Promise<void> {
    const { schema, gifts, rollback } = this.#server.sql;
    try {
      for (const statement of schema) await connection.run(statement);
    } catch (error) {
      if (connection.usable) await connection.run(rollback);
      throw error;
    }
    for (const statement of gifts) await connection.run(statement).catch(() => {});
  }

  /** Which of its rights an operation lacks: PostgreSQL names the table alone, and each stops at the first. */
  async #lacking(operation: string): Promise<readonly Right[]> {
    const connection = this.#connection;
    const missing: Right[] = [];
    for (const right of NEEDED[operation] ?? []) {
      if (!connection?.usable) break;
      const error: unknown = await connection.run(probeOf(right)).catch((e: unknown) => e);
      if (error instanceof Error && this.#server.faultOf(error) === 'denied') missing.push(right);
    }
    return missing;
  }

  #failure(
    operation: string,
    error: unknown,
    fault: Fault,
    lacking: readonly Right[],
  ): DatabaseError {
    const { name, user, where, conceal } = this.#server;
    let what = this.#what(error, fault);
    if (lacking.length > 0) {
      const who = user === null ? 'this user' : `user ${JSON.stringify(user)}`;
      what = `${name} refused: ${who} ${lackingText(lacking)}: ${describeError(error)}`;
    }
    const options = { cause: error, unreachable: this.#unreachable(error, fault) };
    return new DatabaseError(`${operation}: ${conceal(what)} (${where})`, fault, options, lacking);
  }

  #unreachable(error: unknown, fault: Fault): Unreachable | null {
    if (fault !== 'lost' || this.#closed.signal.aborted) return null;
    const { name, conceal } = this.#server;
    const late = `no answer in ${this.#timeout} ms`;
    return { server: name, reason: isTimeout(error) ? late : conceal(describeError(error)) };
  }

  #what(error: unknown, fault: Fault): string {
    const { name } = this.#server;
    if (this.#closed.signal.aborted) return 'the store is closed';
    if (fault !== 'lost') return `${name} refused: ${describeError(error)}`;
    if (isTimeout(error)) return `${name} did not answer in ${this.#timeout} ms`;
    return `no connection to ${name}: ${describeError(error)}`;
  }
}

/** A host with several addresses fails once for each. */
function describeError(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeError).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** The clients' words for an answer that did not come. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout|ETIMEDOUT/.test(error.message);
}
