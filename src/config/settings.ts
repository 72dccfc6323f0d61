import type { ConnectionSettings, TransportOptions } from '../contracts/broker/connection-settings.ts';
import type { EventStreamSettings } from '../contracts/broker/event-stream.ts';
import type { Definitions } from '../entries/catalog/definition.ts';
import type { Endpoint } from '../drivers/endpoint.ts';
import type { Entry } from '../entries/catalog/entry.ts';
import type { Diagnostic } from '../util/diagnostic.ts';
import type { Encoding } from '../celery/message/payload.ts';
import type { HttpSettings } from './service/http.ts';
import type { QueueRules } from '../celery/routing/queues.ts';
import type { TaskEventSettings } from '../celery/message/task-sent.ts';
import type { RouteRules } from '../celery/routing/router.ts';
import type { HistoryLimits } from '../contracts/store/history.ts';
import type { ResultOptions } from '../drivers/open-store.ts';
import type { AlertSettings } from './alerts/alerts.ts';

/** A configuration after validation: complete and typed, with all defaults. */
export interface Settings {
  readonly broker: Endpoint;
  /** The store of lock and ledger: the broker itself if it can hold them, otherwise another store. */
  readonly state: Endpoint;
  /** Independent Redis servers that hold the lock by majority; if empty, the store of the ledger holds it. */
  readonly locks: readonly Endpoint[];
  /** IANA name of the default zone of schedules and entries. */
  readonly timezone: string;
  readonly entries: readonly Entry[];
  readonly definitions: Definitions;
  /** The names of entries that beat installs, as Celery's beat does. */
  readonly installed: readonly string[];
  /** `ttl` in milliseconds: how long a lock lasts without a renewal. */
  readonly lock: { readonly ttl: number };
  /** How much history the state store retains for each entry; `null` for none. */
  readonly history: HistoryLimits | null;
  /** How much memory runs may take that are prepared before they are due, bytes; 0 if none are prepared. */
  readonly preparationMemory: number;
  /** The prefix of all names in the state store, which separates several apps in one store. */
  readonly keyPrefix: string;
  readonly shell: { readonly task: string; readonly queue: string };
  readonly queues: QueueRules;
  readonly routes: RouteRules;
  readonly encoding: Encoding;
  readonly protocol: 1 | 2;
  /** AMQP: `false` if beat must not declare queues and exchanges. */
  readonly declareQueues: boolean;
  readonly connection: ConnectionSettings;
  readonly transport: TransportOptions;
  readonly results: ResultOptions;
  readonly outcomes: boolean;
  /** The task events of workers, which the leader receives; `null` if they send none. */
  readonly eventStream: EventStreamSettings | null;
  /** Settings of `task-sent` events; `null` if they are disabled. */
  readonly taskEvents: TaskEventSettings | null;
  /** `null` unless beat serves HTTP. */
  readonly http: HttpSettings | null;
  /** `perEntry`: how many entries have time series of their own. */
  readonly metrics: { readonly perEntry: number };
  readonly alerts: AlertSettings | null;
  readonly remoteControl: {
    readonly enabled: boolean;
    /** Milliseconds; 0 for never. */
    readonly maxTickAge: number;
    /** Such as `celery`, for the exchange `celery.pidbox`. */
    readonly namespace: string;
  };
  readonly warnings: readonly Diagnostic[];
  /** The names of the files, as the user wrote them; empty for a configuration made in code. */
  readonly files: readonly string[];
}
