import type { PlaceOptions, Store } from '../store.ts';
import { RedisBroker } from './broker.ts';
import { Connection } from './connection.ts';
import { keysFor } from './keys.ts';
import { RedisLedger } from './ledger.ts';
import { RedisLock } from './lock.ts';
import { Releases } from './releases.ts';

/** However long the lock lives, nobody waits longer than this (milliseconds) for an answer. */
const LONGEST_TIMEOUT = 5_000;

/**
 * Lock, ledger and broker in the Redis that Celery's workers consume from. The lock has a connection of
 * its own: a renewal must not wait behind megabytes of messages.
 */
export function openRedisStore(options: PlaceOptions): Store {
  const { brokerUrl, keyPrefix, lockTtl, transport } = options;
  const keys = keysFor(keyPrefix, transport);
  // Half of the TTL: a renewal that is not answered can be tried again before the lock has expired.
  const timeout = Math.min(Math.round(lockTtl / 2), LONGEST_TIMEOUT);
  const connection = (name: string) => ({ url: brokerUrl, name: `beat-${name}`, timeout });

  const writing = new Connection(connection('ledger'));
  const releases = new Releases(connection('follower'), keys.released);
  const lock = new RedisLock(new Connection(connection('lock')), releases, keys, lockTtl);
  const ledger = new RedisLedger(writing, keys);
  const broker = new RedisBroker(writing, keys);
  return {
    lock,
    ledger,
    broker,
    close: async () => {
      await Promise.all([lock.close(), writing.close()]);
    },
  };
}
