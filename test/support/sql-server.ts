/** A database server of a test's own, as far as its dialect does not matter. */
export interface SqlServer extends AsyncDisposable {
  /** As users and messages call it. */
  readonly name: string;
  readonly port: number;
  /** Of a user with all rights, over TCP. */
  url(port?: number): string;
  socketUrl(): string;
  readonly password: string;
  start(): Promise<void>;
  /** The plug is pulled: connections end in the middle of what they do, nothing is tidied up. */
  kill(): Promise<void>;
  /** It stands still with every connection open, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Runs a statement from inside, `?` for each parameter. */
  query(text: string, ...values: unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Another connection, for transactions. */
  session(): Promise<SqlSession>;
  /** What waits in a queue, or in all: payloads in the order in which kombu's query gives them. */
  readPayloads(queue?: string): Promise<string[]>;
  /** Resolves once a statement waits for a lock, or so many do. */
  waitForLockWaiters(count?: number): Promise<void>;
  /** Ends the connections that beat keeps under this name; tells how many there were. */
  terminateConnections(name: string): Promise<number>;
  /** All that is to be known of kombu's tables, but beat's gifts to them. */
  describeKombuTables(): Promise<readonly unknown[]>;
  /** Removes every table, and whatever else there is. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export interface SqlSession extends AsyncDisposable {
  query(text: string): Promise<unknown>;
}
