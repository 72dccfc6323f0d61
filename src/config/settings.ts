import type { ConnectionSettings, TransportOptions } from '../broker/connection-settings.ts';
import type { Definitions } from '../catalog/definition.ts';
import type { Entry } from '../catalog/entry.ts';
import type { Diagnostic } from '../util/diagnostic.ts';
import type { Encoding } from '../message/payload.ts';
import type { QueueRules } from '../routing/queues.ts';
import type { TaskEventSettings } from '../message/task-sent.ts';
import type { RouteRules } from '../routing/router.ts';
import type { ResultSettings } from '../store/results.ts';

/** A configuration after validation: complete, typed, nothing left to look up or to default. */
export interface Settings {
  /**
   * May hold passwords: never print it but through `maskUrl`. Several URLs, in the order of failover,
   * have a `;` between them: see `splitUrls`.
   */
  readonly brokerUrl: string;
  /** Where lock and ledger are: the broker itself where it can keep them, else another place. */
  readonly stateUrl: string;
  /** Independent Redis servers over a majority of which the lock is held; none: it is beside the ledger. */
  readonly lockUrls: readonly string[];
  /** IANA name: the zone of every schedule and entry that names none. */
  readonly timezone: string;
  readonly entries: readonly Entry[];
  /** Reads the definitions of stored entries with these settings. */
  readonly definitions: Definitions;
  /** The names of those among them that nobody wrote: Celery's beat installs them. */
  readonly installed: readonly string[];
  /** `ttl` in milliseconds: how long a leader that says nothing keeps the lock. */
  readonly lock: { readonly ttl: number };
  /** Before every name under which beat keeps state; two apps in one Redis database differ in it. */
  readonly keyPrefix: string;
  /** Which queues there are, and how those are made that nobody describes. */
  readonly queues: QueueRules;
  /** Which task goes where, and what is true of tasks that do not say it. */
  readonly routes: RouteRules;
  /** How messages are written where an entry does not say otherwise. */
  readonly encoding: Encoding;
  /** Celery's message protocol. */
  readonly protocol: 1 | 2;
  /** AMQP: `false` leaves queues and exchanges to others. */
  readonly declareQueues: boolean;
  readonly connection: ConnectionSettings;
  readonly transport: TransportOptions;
  readonly results: ResultSettings;
  /** Where `task-sent` events go; `null` for nowhere. */
  readonly taskEvents: TaskEventSettings | null;
  /** The warnings about a valid configuration. */
  readonly warnings: readonly Diagnostic[];
  /** The files it was read from, as the user named them; empty for one made in code. */
  readonly files: readonly string[];
}
