import type { Broker } from '../broker/broker.ts';
import type { ServerUrls } from '../broker/server-url.ts';
import type { TlsSettings, TransportOptions } from '../broker/connection-settings.ts';
import type { Clock } from '../../util/clock.ts';
import type { Warn } from '../events/beat-events.ts';
import type { CommandLog } from './command-log.ts';
import type { History, HistoryLimits } from './history.ts';
import type { Instances } from './instances.ts';
import type { Ledger, StateRemoval } from './ledger.ts';
import type { Outbox } from './outbox.ts';
import type { EntrySearch, StoredEntries } from './stored-entries.ts';
import type { Lock } from './lock.ts';
import type { Queues } from '../../celery/routing/queues.ts';

/**
 * Lock, ledger and broker. If one server or file is all three, a commit publishes and writes states in one step.
 * Opening a store connects to no server: an unreachable one fails at its first use.
 */
export interface Store {
  readonly lock: Lock;
  readonly ledger: Ledger;
  readonly broker: Broker;
  /** Commands for the leader; absent from a store that cannot hold them. */
  readonly commands?: CommandLog | undefined;
  /** Entries created at run time; absent from a store that cannot hold them. */
  readonly entries?: StoredEntries | undefined;
  /** What happened to each entry; absent if the configuration disables it. */
  readonly history?: History | undefined;
  /** The instances that run; absent from a store that cannot hold them. */
  readonly instances?: Instances | undefined;
  /** Publishes messages that the broker rejected before; absent if a commit both stores and publishes. */
  readonly relay?: TermService | undefined;
  /** Checks the health of the store's servers; absent without a server. Rejects when one is unreachable. */
  readonly checkHealth?: (() => Promise<StoreHealth>) | undefined;
  /** Finds other schedulers in the store; absent if beat knows none for this store. */
  readonly findSchedulers?: FindSchedulers | undefined;
  /** Closes lock, ledger and broker. */
  close(): Promise<void>;
}

export interface TermService {
  /** Runs during the term of that fencing token, until the signal aborts. Never rejects. */
  run(token: number, signal: AbortSignal): Promise<void>;
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

/** A store that can also hold the state for another broker. */
export interface StateStore extends Store {
  readonly ledger: Ledger & Outbox & StateRemoval;
  readonly commands: CommandLog;
  readonly entries: StoredEntries & EntrySearch;
  readonly instances: Instances;
}

/** The options of a store that is lock, ledger and broker at once. */
export interface StateStoreOptions {
  readonly server: ServerUrls;
  /** Independent Redis servers that hold the lock; with none, the store itself holds it. */
  readonly locks: readonly ServerUrls[];
  readonly keyPrefix: string;
  /** Milliseconds. */
  readonly lockTtl: number;
  readonly transport: TransportOptions;
  /** Encryption of connections, where the URL does not configure it. */
  readonly tls?: TlsSettings | null;
  /** The queues and bindings of the configuration. */
  readonly queues: Queues;
  readonly clock: Clock;
  /** How much history is retained; `null` for none, and the default unless given. */
  readonly history?: HistoryLimits | null | undefined;
  /** Called with conditions that endanger beat's guarantees although the store works. */
  readonly warn?: Warn | undefined;
}

/** Opens stores that are lock, ledger and broker at once. */
export interface StateDriver {
  readonly open: (options: StateStoreOptions) => StateStore;
  /** A canonical URL: equal for URLs of the same servers, database and user. */
  readonly normalize: (server: ServerUrls) => string;
}

/** What another scheduler has left in a store or a folder. */
export interface SchedulerTrace {
  /** The scheduler and where it is, such as `RedBeat (redbeat::schedule)`. */
  readonly scheduler: string;
  /** A text that changes while the scheduler works. */
  readonly mark: string;
  /** Whether it holds a lock at this moment. */
  readonly isLocked: boolean;
}

/** Finds traces of other schedulers. Must be cheap: the leader calls it once a minute. Rejects if access is denied. */
export type FindSchedulers = () => Promise<readonly SchedulerTrace[]>;
