import type { Clock } from '../../src/util/clock.ts';
import { systemClock } from '../../src/util/clock.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoreOptions } from '../../src/drivers/open-store.ts';
import { DEFAULT_CONNECTION, DEFAULT_TRANSPORT } from '../../src/broker/connection-settings.ts';
import { Queues } from '../../src/routing/queues.ts';

/** What a worker would find in a queue, as far as the contracts speak of it. */
export interface QueuedMessage {
  readonly taskId: string;
  /** Decoded to text. */
  readonly body: string;
}

/**
 * One server, file or memory, empty at first. A contract suite asks for a fresh one before each test;
 * the stores opened in it see one another as those of several processes would.
 */
export interface Place {
  open(options?: Partial<StoreOptions>): Promise<Store>;
  /** In the order in which one worker would take them. */
  queued(queue: string): Promise<readonly QueuedMessage[]>;
  /** Lets the time of the lease that is held run out. */
  expireLock(): Promise<void>;
  /** Deletes all data, as FLUSHALL or a deleted file does. */
  empty(): Promise<void>;
  /** Deletes the bindings of queues; absent where the store has none. */
  forgetBindings?(): Promise<void>;
  /** Replaces the entry's state with an invalid text. */
  damageState(entry: string): Promise<void>;
  /** Closes every store that was opened, and the server or file. */
  close(): Promise<void>;
}

/** Options of a store where the test does not care, with a lock that outlives any test. */
export function storeOptions(brokerUrl: string, options: Partial<StoreOptions> = {}): StoreOptions {
  return {
    brokerUrl,
    stateUrl: brokerUrl,
    lockUrls: [],
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

/** The host's clock, and a way to put it forward; for places that read the time themselves. */
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
