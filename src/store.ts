import type { Broker } from './broker/broker.ts';
import type { Clock } from './clock.ts';
import type { TransportOptions } from './config/settings.ts';
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
