import type { BrokerOptions } from '../../src/contracts/broker/broker.ts';
import type { Clock } from '../../src/util/clock.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import type { StateStoreOptions, Store } from '../../src/contracts/store/store.ts';
import { parseEndpoint } from '../../src/drivers/endpoint.ts';
import type { QueuedMessage } from '../../src/drivers/broker-checks.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { DEFAULT_CONNECTION, DEFAULT_TRANSPORT } from '../../src/contracts/broker/connection-settings.ts';
import { Queues } from '../../src/celery/routing/queues.ts';

/**
 * One server, file or memory, empty at first. A contract suite creates a new one before each test;
 * the stores that it opens share their data like those of several processes.
 */
export interface TestStore {
  open(options?: Partial<StoreOptions>): Promise<Store>;
  /** The messages of a queue, in the order in which one worker would consume them. */
  queued(queue: string): Promise<readonly QueuedMessage[]>;
  /** Makes the current lease expire. */
  expireLock(): Promise<void>;
  /** Deletes all data, as FLUSHALL or a deleted file does. */
  empty(): Promise<void>;
  /** Deletes the bindings of queues; absent if the store has none. */
  forgetBindings?(): Promise<void>;
  /** Replaces the entry's state with an invalid text. */
  damageState(entry: string): Promise<void>;
  /** Closes every store that was opened, and the server or file. */
  close(): Promise<void>;
}

/** Options for `openStore`, and for the drivers, which open `server`. */
type TestStoreOptions = StoreOptions & StateStoreOptions & BrokerOptions;

/** Default options of a store, with a lock that outlives every test. */
export function storeOptions(brokerUrl: string, options: Partial<TestStoreOptions> = {}): TestStoreOptions {
  const endpoint = parseEndpoint(brokerUrl);
  return {
    broker: endpoint,
    state: endpoint,
    server: endpoint,
    locks: [],
    queues: new Queues(),
    declareQueues: true,
    connection: DEFAULT_CONNECTION,
    keyPrefix: 'beat',
    lockTtl: 60_000,
    transport: DEFAULT_TRANSPORT,
    clock: systemClock,
    ...options,
  };
}

/** The host's clock, which can be set forward, for stores that read the time themselves. */
export function forwardableClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    forward: (ms) => {
      ahead += ms;
    },
  };
}
