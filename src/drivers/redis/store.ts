import { errorAt } from '../../util/diagnostic.ts';
import { ConfigError } from '../../util/errors.ts';
import type { PlaceOptions, StateDriver, StateStore } from '../../store/store.ts';
import { Bindings } from './bindings.ts';
import { Broadcasts } from './broadcasts.ts';
import { RedisBroker } from './broker.ts';
import { RedisCommandLog } from './command-log.ts';
import { Connection } from './connection.ts';
import { checkHealth } from './check-health.ts';
import { keysFor } from './keys.ts';
import { RedisLedger } from './ledger.ts';
import { RedisLock } from './lock.ts';
import { databaseOf, redisPlace } from './place.ts';
import { Quorum } from './quorum.ts';
import { Notifications } from './notifications.ts';

/** However long the lock lives, nobody waits longer than this (milliseconds) for an answer. */
const LONGEST_TIMEOUT = 5_000;

/**
 * Lock, ledger and broker in the Redis that Celery's workers consume from; the lock alone may be held by
 * other servers. It has connections of its own: a renewal must not wait behind megabytes of messages.
 */
export function openRedisStore(options: PlaceOptions): StateStore {
  const { brokerUrl, keyPrefix, lockTtl, transport, queues, clock } = options;
  const lockUrls = options.lockUrls.length > 0 ? options.lockUrls : [brokerUrl];
  if (lockUrls.length % 2 === 0) {
    // Redlock never ends where a vote is a tie; and one server less bears the loss of as many.
    const message = `${lockUrls.length} servers; an odd number is wanted, for a majority of it`;
    throw new ConfigError([errorAt(['lockUrls'], message)]);
  }
  const keys = keysFor(keyPrefix, transport, databaseOf(brokerUrl, transport));
  // Half of the TTL: a renewal that is not answered can be tried again before the lock has expired.
  const timeout = transport.socketTimeout ?? Math.min(Math.round(lockTtl / 2), LONGEST_TIMEOUT);
  const prefix = transport.clientName ?? 'beat';
  const connectionTo = (url: string, role: string) => {
    const tls = url === brokerUrl ? (options.tls ?? null) : null;
    return { url, transport, tls, name: `${prefix}-${role}`, timeout };
  };

  const writing = new Connection(connectionTo(brokerUrl, 'ledger'));
  const following = lockUrls.map((url) => connectionTo(url, 'follower'));
  const releases = new Notifications(following, keys.released, options.warn);
  // With others to decide, one that is gone is not waited for.
  const impatient = lockUrls.length > 1;
  const holding = lockUrls.map((url) => ({ ...connectionTo(url, 'lock'), impatient }));
  const quorum = new Quorum(holding.map((server) => new Connection(server)));
  const lock = new RedisLock({ quorum, releases, keys, ttl: lockTtl, clock });
  const bindings = new Bindings(keys, queues, new Broadcasts(queues, clock, keys.sep));
  const ledger = new RedisLedger(writing, keys, bindings);
  const notifications = new Notifications([connectionTo(brokerUrl, 'commands')], keys.commands);
  const commands = new RedisCommandLog(writing, keys, notifications, clock);
  const broker = new RedisBroker(writing, keys, bindings);
  return {
    lock,
    ledger,
    commands,
    broker,
    checkHealth: () => checkHealth(writing, quorum.servers, clock),
    close: async () => {
      await Promise.all([lock.close(), writing.close(), notifications.close()]);
    },
  };
}

export const redisDriver: StateDriver = { open: openRedisStore, normalize: redisPlace };
