import { Condition } from '../../../util/condition.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { Warn } from '../../../contracts/events/beat-events.ts';
import { findDenied } from '../rights.ts';

const SLOWER =
  "this instance is not notified when the leader stops, and takes over up to an eighth of the lock's TTL later";

/**
 * Receives the notifications of a channel from several servers: releases of the lock, or new commands. The first
 * wait opens the connections, so an instance that never waits has none.
 *
 * Redis does not store published messages, so a new subscription counts as a notification: the lock may have been
 * released before it.
 */
export class Notifications {
  readonly #servers: readonly ConnectionOptions[];
  readonly #channel: string;
  readonly #warn: Warn;
  readonly #waiters = new Condition();
  #connections: readonly Connection[] | null = null;
  #notified = false;

  constructor(servers: readonly ConnectionOptions[], channel: string, warn: Warn = () => {}) {
    this.#servers = servers;
    this.#channel = channel;
    this.#warn = warn;
  }

  /** Discards earlier notifications. Call this before each attempt, so that a later notification causes another one. */
  reset(): void {
    this.#notified = false;
  }

  /** Resolves at the first notification since the last reset, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#notified || signal.aborted) return;
    this.#connections ??= this.#servers.map((server) => this.#subscribe(server));
    await this.#waiters.wait(signal);
  }

  async close(): Promise<void> {
    this.#notify();
    await Promise.all((this.#connections ?? []).map((connection) => connection.close()));
  }

  #subscribe(server: ConnectionOptions): Connection {
    const connection = new Connection(server);
    const { client } = connection;
    client.on('message', () => this.#notify());
    // The next connection subscribes again after a failure, and waiters also poll.
    client.on('ready', () => {
      client.subscribe(this.#channel).then(
        () => {
          this.#warn('takeover', null);
          this.#notify();
        },
        (error: unknown) => {
          if (findDenied(error) === null) return;
          const { text } = connection.explain(error);
          this.#warn('takeover', `${text}: ${SLOWER}`);
        },
      );
    });
    client.connect().catch(() => {});
    return connection;
  }

  #notify(): void {
    this.#notified = true;
    this.#waiters.notifyAll();
  }
}
