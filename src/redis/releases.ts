import { Waiters } from '../lock/waiters.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';

/**
 * Hears that a holder let go of the lock. Opened by the first who waits: a leader that never followed
 * keeps no second connection.
 *
 * What is said while nobody listens is lost in Redis, so every new subscription counts as having heard
 * something: the lock may have become free before it.
 */
export class Releases {
  readonly #options: ConnectionOptions;
  readonly #channel: string;
  readonly #followers = new Waiters();
  #connection: Connection | null = null;
  #heard = false;

  constructor(options: ConnectionOptions, channel: string) {
    this.#options = options;
    this.#channel = channel;
  }

  /** To be called before a try: what is heard from then on is a reason for another. */
  forget(): void {
    this.#heard = false;
  }

  /** Resolves when something was heard since the last try, or the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#heard || signal.aborted) return;
    this.#connection ??= this.#listen();
    await this.#followers.wait(signal);
  }

  async close(): Promise<void> {
    this.#tell();
    await this.#connection?.close();
  }

  #listen(): Connection {
    const connection = new Connection(this.#options);
    const { client } = connection;
    client.on('message', () => this.#tell());
    // Whatever fails here comes again with the next connection, and a follower tries now and then anyway.
    client.on('ready', () => {
      client.subscribe(this.#channel).then(
        () => this.#tell(),
        () => {},
      );
    });
    client.connect().catch(() => {});
    return connection;
  }

  #tell(): void {
    this.#heard = true;
    this.#followers.wake();
  }
}
