import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { ServerUrls } from '../../contracts/broker/server-url.ts';
import { DEFAULT_HISTORY } from '../../contracts/store/history.ts';
import type { StateStoreOptions, StateDriver, StateStore } from '../../contracts/store/store.ts';
import { Bindings } from './bindings.ts';
import { Broadcasts } from './broadcasts.ts';
import { RedisBroker } from './broker.ts';
import { RedisCommandLog } from './command-log.ts';
import { Connection } from './connection/connection.ts';
import { checkHealth } from './connection/check-health.ts';
import { redisInstances } from './instances.ts';
import { keysFor } from './keys.ts';
import { RedisHistory } from './history.ts';
import { RedisLedger } from './ledger.ts';
import { RedisLock } from './lock.ts';
import { findRedBeat } from './redbeat.ts';
import { readDatabase, normalizeRedisUrl } from './connection/url.ts';
import { Quorum } from './quorum.ts';
import { Notifications } from './connection/notifications.ts';
import { RedisStoredEntries } from './stored-entries.ts';

/** The longest timeout of a command, for any TTL of the lock. Milliseconds. */
const MAX_TIMEOUT = 5_000;

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
  const timeout = transport.socketTimeout ?? Math.min(Math.round(lockTtl / 2), MAX_TIMEOUT);
  const prefix = transport.clientName ?? 'beat';
  const connectionTo = (to: ServerUrls, role: string) => {
    const tls = to.url === server.url ? (options.tls ?? null) : null;
    return { server: to, transport, tls, name: `${prefix}-${role}`, timeout };
  };

  const connection = new Connection(connectionTo(server, 'ledger'));
  const followerOptions = locks.map((lock) => connectionTo(lock, 'follower'));
  const releases = new Notifications(followerOptions, keys.released, options.warn);
  // A majority decides without waiting for the connection to an unreachable server.
  const failFast = locks.length > 1;
  const lockOptions = locks.map((lock) => ({ ...connectionTo(lock, 'lock'), failFast }));
  const quorum = new Quorum(lockOptions.map((each) => new Connection(each)));
  const lock = new RedisLock({ quorum, releases, keys, ttl: lockTtl, clock });
  const bindings = new Bindings(keys, queues, new Broadcasts(queues, clock, keys.sep));
  const { history: limits = DEFAULT_HISTORY } = options;
  const entries = new RedisStoredEntries({ connection, keys, warn: options.warn });
  const ledger = new RedisLedger(connection, keys, entries, bindings, limits, clock);
  const notifications = new Notifications([connectionTo(server, 'commands')], keys.commands);
  const commands = new RedisCommandLog(connection, keys, notifications, clock);
  const broker = new RedisBroker(connection, keys, bindings);
  return {
    lock,
    ledger,
    commands,
    entries,
    instances: redisInstances(connection, keys),
    history: limits ? new RedisHistory(connection, keys, limits, clock) : undefined,
    broker,
    checkHealth: () => checkHealth(connection, quorum.servers, clock),
    findSchedulers: () => findRedBeat(connection),
    close: async () => {
      await Promise.all([lock.close(), connection.close(), notifications.close()]);
    },
  };
}

export const redisDriver: StateDriver = { open: openRedisStore, normalize: normalizeRedisUrl };
