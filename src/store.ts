import type { Broker } from './broker/broker.ts';
import type { Clock } from './clock.ts';
import type { TransportOptions } from './config/settings.ts';
import { ConfigError } from './errors.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Lock } from './lock/lock.ts';

/**
 * One place that is lock, ledger and broker at once, so that a commit sends and records in one step.
 * Opening a store reaches for no server: what cannot be reached fails when it is used.
 */
export interface Store {
  readonly lock: Lock;
  readonly ledger: Ledger;
  readonly broker: Broker;
  /** Closes all three. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly brokerUrl: string;
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly lockTtl: number;
  readonly transport: TransportOptions;
  readonly clock: Clock;
}

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

/** Opens the store that the URL's scheme names. Throws a `ConfigError` for a scheme it does not know. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(options.brokerUrl)?.[1]?.toLowerCase() ?? '';
  const opener = OPENERS[scheme];
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
