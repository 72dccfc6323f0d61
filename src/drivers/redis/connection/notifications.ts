import { Condition } from '../../../util/condition.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { Warn } from '../../../contracts/events/beat-events.ts';
import { findDenied } from '../rights.ts';

const SLOWER =
  "this instance is not notified when the leader stops, and takes over up to an eighth of the lock's TTL later";

export type Notifications = ReturnType<typeof createNotifications>;

/**
 * Receives the notifications of a channel from several servers: releases of the lock, or new commands. The first
 * wait opens the connections, so an instance that never waits has none.
 *
 * Redis does not store published messages, so a new subscription counts as a notification: the lock may have been
 * released before it.
 */
export function createNotifications(servers: readonly ConnectionOptions[], channel: string, warn?: Warn) {
  const waiters = new Condition();
  let connections: readonly Connection[] | null = null;
  let notified = false;

  const notify = () => {
    notified = true;
    waiters.notifyAll();
  };
  const subscribe = (server: ConnectionOptions): Connection => {
    const connection = new Connection(server);
    const { client } = connection;
    client.on('message', notify);
    // The next connection subscribes again after a failure, and waiters also poll.
    client.on('ready', () => {
      client.subscribe(channel).then(
        () => {
          warn?.('takeover', null);
          notify();
        },
        (error: unknown) => {
          if (findDenied(error) === null) return;
          warn?.('takeover', `${connection.explain(error).text}: ${SLOWER}`);
        },
      );
    });
    client.connect().catch(() => {});
    return connection;
  };

  return {
    /** Discards earlier notifications. Call this before each attempt, so that a later notification causes another one. */
    reset(): void {
      notified = false;
    },

    /** Resolves at the first notification since the last reset, or when the signal aborts. */
    async wait(signal: AbortSignal): Promise<void> {
      if (notified || signal.aborted) return;
      connections ??= servers.map(subscribe);
      await waiters.wait(signal);
    },

    async close(): Promise<void> {
      notify();
      await Promise.all((connections ?? []).map((connection) => connection.close()));
    },
  };
}
