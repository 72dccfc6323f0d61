/** A database server of a test, of any SQL dialect. */
export interface SqlServer extends AsyncDisposable {
  /** The name in messages. */
  readonly name: string;
  readonly port: number;
  /** Returns the URL of a user with all rights, over TCP. */
  url(port?: number): string;
  socketUrl(): string;
  readonly password: string;
  start(): Promise<void>;
  /** Kills it: open transactions are lost, and nothing is cleaned up. */
  kill(): Promise<void>;
  /** Stops it with its connections open, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Runs a statement as administrator, with `?` for each parameter. */
  query(text: string, ...values: unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Opens a further connection, for transactions. */
  session(): Promise<SqlSession>;
  /** Returns the payloads in a queue, or in all queues, in the order of kombu's query. */
  readPayloads(queue?: string): Promise<string[]>;
  /** Waits until that many statements wait for a lock. */
  waitForLockWaiters(count?: number): Promise<void>;
  /** Terminates beat's connections with this application name; returns their number. */
  terminateConnections(name: string): Promise<number>;
  /** Describes kombu's tables, without the indexes that beat adds. */
  describeKombuTables(): Promise<readonly unknown[]>;
  /** Removes all tables and other objects. */
  empty(): Promise<void>;
  /** Deletes all rows, which is many times faster than creating the tables again. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export interface SqlSession extends AsyncDisposable {
  query(text: string): Promise<unknown>;
}
