import type { Clock } from './clock.ts';
import type { Settings } from './config/settings.ts';
import { ConfigError } from './errors.ts';
import type { Store, StoreOptions } from './store.ts';

type Open = (options: StoreOptions) => Store;

/** Loaded when first needed: whoever runs on SQLite never loads a Redis client. */
const OPENERS: Record<string, () => Promise<Open>> = {
  redis: async () => (await import('./redis/store.ts')).openRedisStore,
  rediss: async () => (await import('./redis/store.ts')).openRedisStore,
  'redis+socket': async () => (await import('./redis/store.ts')).openRedisStore,
  unix: async () => (await import('./redis/store.ts')).openRedisStore,
  'sqla+sqlite': async () => (await import('./sqlite/store.ts')).openSqliteStore,
  memory: async () => (await import('./memory/store.ts')).openMemoryStore,
};

/** The URL schemes that `openStore` takes. */
export const BROKER_SCHEMES: readonly string[] = Object.keys(OPENERS);

/**
 * Opens the store that the settings name, which reaches for no server yet. Throws a `ConfigError` for a
 * `brokerUrl` that leads nowhere.
 */
export async function openStore(
  { brokerUrl, keyPrefix, lock, transport }: Settings,
  clock: Clock,
): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(brokerUrl)?.[1]?.toLowerCase() ?? '';
  const opener = OPENERS[scheme];
  if (!opener) {
    throw new ConfigError([
      {
        path: ['brokerUrl'],
        message: `no broker for the scheme "${scheme}"; allowed: ${BROKER_SCHEMES.map((s) => `${s}://`).join(', ')}`,
      },
    ]);
  }
  return (await opener())({ brokerUrl, keyPrefix, lockTtl: lock.ttl, transport, clock });
}
