import type { Clock } from './clock.ts';
import type { Settings } from './config/settings.ts';
import { schemeOf } from './config/urls.ts';
import { ConfigError } from './errors.ts';
import type { PlaceOptions, Store, StoreOptions } from './store.ts';

type Open = (options: PlaceOptions) => Store;

/** Loaded when first needed: whoever runs on SQLite never loads a Redis client. */
const redis = async () => (await import('./redis/store.ts')).openRedisStore;
const sqlite = async () => (await import('./sqlite/store.ts')).openSqliteStore;
const memory = async () => (await import('./memory/store.ts')).openMemoryStore;

/** Places that are lock, ledger and broker at once. */
const ROOMS: Record<string, () => Promise<Open>> = {
  redis,
  rediss: redis,
  'redis+socket': redis,
  unix: redis,
  sentinel: redis,
  'sqla+sqlite': sqlite,
  memory,
};

/** The URL schemes of places that can keep lock and ledger. */
export const STATE_SCHEMES: readonly string[] = Object.keys(ROOMS);

/** The URL schemes of brokers. */
export const BROKER_SCHEMES: readonly string[] = [...STATE_SCHEMES, 'amqp', 'amqps', 'pyamqp'];

/** What the settings say of places, for `openStore`. */
export function storeOptionsOf(settings: Settings, clock: Clock): StoreOptions {
  const { brokerUrl, stateUrl, lockUrls, keyPrefix, queues, connection, transport } = settings;
  return {
    ...{ brokerUrl, stateUrl, lockUrls, keyPrefix, queues, connection, transport, clock },
    lockTtl: settings.lock.ttl,
    defaultQueue: settings.taskDefaultQueue,
  };
}

/** Opens the store that the URL's scheme names. Throws a `ConfigError` for a scheme it does not know. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const scheme = schemeOf(options.brokerUrl);
  const opener = ROOMS[scheme];
  if (!opener) {
    throw new ConfigError([
      {
        path: ['brokerUrl'],
        message: `no broker for the scheme "${scheme}"; allowed: ${BROKER_SCHEMES.map((s) => `${s}://`).join(', ')}`,
      },
    ]);
  }
  return (await opener())(options);
}
