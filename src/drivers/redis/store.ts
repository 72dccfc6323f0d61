import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../contracts/store/store.ts';
import { createBindings } from './bindings.ts';
import { redisBroker } from './broker.ts';
import { redisCommandLog } from './command-log.ts';
import { Connection, TIMEOUT } from './connection/connection.ts';
import { checkHealth } from './connection/check-health.ts';
import { redisInstances } from './instances.ts';
import { keysFor } from './keys.ts';
import { redisHistory } from './history.ts';
import { redisLedger } from './ledger.ts';
import { redisLock } from './lock.ts';
import { findRedBeat } from './redbeat.ts';
import { readDatabase, normalizeRedisUrl } from './connection/url.ts';
import { createQuorum } from './quorum.ts';
import { createNotifications } from './connection/notifications.ts';
import { redisStoredEntries } from './stored-entries.ts';

/**
 * Opens lock, ledger and broker in the Redis that Celery's workers consume from; other servers may hold the lock.
 * The lock has connections of its own, so that a renewal does not wait behind megabytes of messages.
 */
export function openRedisStore(options: StateStoreOptions): StateStore {
  const { server, keyPrefix, lockTtl, transport, queues, clock } = options;
  const locks = options.locks.length > 0 ? options.locks : [server];
  if (locks.length % 2 === 0) {
    // Redlock never resolves a tie, and an even number survives no more failures than the odd number below it.
    const message = `${locks.length} servers; allowed: an odd number, so that a majority decides`;
    throw new ConfigError([errorAt(['lockUrls'], message)]);
  }
  const keys = keysFor(keyPrefix, transport, readDatabase(server, transport));
  // At most half of the TTL: a renewal that timed out can be retried before the lock expires.
  const timeout = transport.socketTimeout ?? Math.min(Math.round(lockTtl / 2), TIMEOUT);
  const prefix = transport.clientName ?? 'beat';
  const connectionTo = (to: ServerUrls, role: string) => {
    const tls = to.url === server.url ? (options.tls ?? null) : null;
    return { server: to, transport, tls, name: `${prefix}-${role}`, timeout };
  };

  const connection = new Connection(connectionTo(server, 'ledger'));
  const followerOptions = locks.map((lock) => connectionTo(lock, 'follower'));
  const releases = createNotifications(followerOptions, keys.released, options.warn);
  // A majority decides without waiting for the connection to an unreachable server.
  const failFast = locks.length > 1;
  const quorum = createQuorum(locks.map((lock) => new Connection({ ...connectionTo(lock, 'lock'), failFast })));
  const lock = redisLock(quorum, releases, keys, lockTtl, clock);
  const bindings = createBindings(keys, queues, clock);
  const { history: limits = DEFAULT_HISTORY } = options;
  const entries = redisStoredEntries(connection, keys, options.warn);
  const notifications = createNotifications([connectionTo(server, 'commands')], keys.commands);
  return {
    lock,
    ledger: redisLedger(connection, keys, entries, bindings, limits, clock),
    commands: redisCommandLog(connection, keys, notifications, clock),
    entries,
    instances: redisInstances(connection, keys),
    history: limits ? redisHistory(connection, keys, limits, clock) : undefined,
    broker: redisBroker(connection, keys, bindings),
    checkHealth: () => checkHealth(connection, quorum.servers, clock),
    findSchedulers: () => findRedBeat(connection),
    close: async () => {
      await Promise.all([lock.close(), connection.close(), notifications.close()]);
    },
  };
}

export const redisDriver: StateDriver = { open: openRedisStore, normalize: normalizeRedisUrl };
