import type { Broker } from '../broker/broker.ts';
import type { TlsSettings } from '../broker/tls.ts';
import type { Clock } from '../util/clock.ts';
import type { ConnectionSettings, TransportOptions } from '../broker/connection-settings.ts';
import type { Warn } from '../events/beat-events.ts';
import type { CommandLog } from './command-log.ts';
import type { Ledger, StateRemoval } from './ledger.ts';
import type { Outbox } from './outbox.ts';
import type { StoredEntries } from './stored-entries.ts';
import type { Lock } from './lock.ts';
import type { Queues } from '../routing/queues.ts';

/**
 * One place that is lock, ledger and broker at once, so that a commit sends and records in one step.
 * Opening a store reaches for no server: what cannot be reached fails when it is used.
 */
export interface Store {
  readonly lock: Lock;
  readonly ledger: Ledger;
  readonly broker: Broker;
  /** Commands for the leader; absent from a store that cannot hold them. */
  readonly commands?: CommandLog | undefined;
  /** Entries created at run time; absent from a store that cannot hold them. */
  readonly entries?: StoredEntries | undefined;
  /** Asks the store's servers about their health; absent where there are none. Rejects when one is unreachable. */
  readonly checkHealth?: (() => Promise<StoreHealth>) | undefined;
  /** Closes all three. */
  close(): Promise<void>;
}

/** Conditions that endanger beat's guarantees although everything works. */
export interface StoreHealth {
  /** The product, such as `Redis`. */
  readonly store: string;
  readonly skew: ClockSkew;
  /** Why the store may evict queues or schedule state; `null` when it does not. */
  readonly eviction: string | null;
  /** Which lock servers are unreachable; `null` when none is. */
  readonly locks: string | null;
}

/** How far this host's clock is ahead of the store's. Milliseconds. */
export interface ClockSkew {
  readonly ms: number;
  /** The accuracy of the measurement. */
  readonly within: number;
}

/** A store that can keep the state of a broker elsewhere as well. */
export interface StateStore extends Store {
  readonly ledger: Ledger & Outbox & StateRemoval;
  readonly commands: CommandLog;
}

/** What it takes to open one place that is lock, ledger and broker. */
export interface StateStoreOptions {
  /** The place itself, even where it is opened for its ledger alone. */
  readonly brokerUrl: string;
  /** Independent Redis servers that hold the lock between them; none: the place itself holds it. */
  readonly lockUrls: readonly string[];
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly lockTtl: number;
  readonly transport: TransportOptions;
  /** What connections to the place are encrypted with, as far as its URL does not say it. */
  readonly tls?: TlsSettings | null;
  /** Where described queues are bound. */
  readonly queues: Queues;
  readonly clock: Clock;
  /** Called with what endangers beat's guarantees although the store works. */
  readonly warn?: Warn | undefined;
}

/** Opens stores that are lock, ledger and broker at once. */
export interface StateDriver {
  readonly open: (options: StateStoreOptions) => StateStore;
  /** The same text for every URL of one store, as far as URLs show. */
  readonly normalize: (url: string) => string;
}

/** What it takes to open a broker that keeps no state for beat. */
export interface BrokerOptions {
  /** Several, in the order of failover, have a `;` between them: see `splitUrls`. */
  readonly brokerUrl: string;
  readonly queues: Queues;
  /** AMQP: `false` leaves queues and exchanges to others. */
  readonly declareQueues: boolean;
  readonly connection: ConnectionSettings;
  readonly transport: TransportOptions;
  readonly clock: Clock;
}
