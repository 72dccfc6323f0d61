import { Condition } from '../../util/condition.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';
import type { Warn } from '../../events/beat-events.ts';
import { deniedBy } from './rights.ts';

const SLOWER =
  "this instance does not learn when another stops, and takes over up to an eighth of the lock's TTL later";

/**
 * Hears that a holder let go of the lock, from any of the servers that hold it. Opened by the first who
 * waits: a leader that never followed keeps no second connection.
 *
 * What is said while nobody listens is lost in Redis, so every new subscription counts as having heard
 * something: the lock may have become free before it.
 */
export class Notifications {
  readonly #servers: readonly ConnectionOptions[];
  readonly #channel: string;
  readonly #warn: Warn;
  readonly #followers = new Condition();
  #connections: readonly Connection[] | null = null;
  #heard = false;

  constructor(servers: readonly ConnectionOptions[], channel: string, warn: Warn = () => {}) {
    this.#servers = servers;
    this.#channel = channel;
    this.#warn = warn;
  }

  /** To be called before a try: what is heard from then on is a reason for another. */
  forget(): void {
    this.#heard = false;
  }

  /** Resolves when something was heard since the last try, or the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#heard || signal.aborted) return;
    this.#connections ??= this.#servers.map((server) => this.#listen(server));
    await this.#followers.wait(signal);
  }

  async close(): Promise<void> {
    this.#tell();
    await Promise.all((this.#connections ?? []).map((connection) => connection.close()));
  }

  #listen(server: ConnectionOptions): Connection {
    const connection = new Connection(server);
    const { client } = connection;
    client.on('message', () => this.#tell());
    // What fails here is tried again with the next connection, and a follower tries now and then anyway.
    client.on('ready', () => {
      client.subscribe(this.#channel).then(
        () => {
          this.#warn('takeover', null);
          this.#tell();
        },
        (error: unknown) => {
          if (deniedBy(error) === null) return;
          const { text } = connection.explain(error);
          this.#warn('takeover', `${text}: ${SLOWER}`);
        },
      );
    });
    client.connect().catch(() => {});
    return connection;
  }

  #tell(): void {
    this.#heard = true;
    this.#followers.notifyAll();
  }
}
