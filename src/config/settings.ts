import type { TlsSettings } from '../broker/tls.ts';
import type { Entry } from '../entry.ts';
import type { Problem } from '../errors.ts';
import type { Encoding } from '../message/payload.ts';
import type { QueueRules, QueueType } from '../routing/queues.ts';
import type { RouteRules } from '../routing/router.ts';

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
  /** What is worth a word about a configuration that can be used. */
  readonly notes: readonly Problem[];
  /** The files it was read from, as the user named them; empty for one made in code. */
  readonly files: readonly string[];
}

/** The exchange of Celery's events, of the type that it has on this broker. */
export interface TaskEventSettings {
  readonly exchange: string;
  readonly exchangeType: 'fanout' | 'topic';
}

/** `broker_transport_options`, as far as a producer needs them. */
export interface TransportOptions {
  /** Before every key in Redis, kombu's own included. */
  readonly globalKeyprefix: string;
  /** Between the parts of kombu's compound names. */
  readonly sep: string;
  /** The priorities that have a list of their own, ascending. */
  readonly prioritySteps: readonly number[];
  /** Before the channels of fanout exchanges; `{db}` in it is the number of the database. */
  readonly fanoutPrefix: string;
  /** Whether those channels end in the routing key. */
  readonly fanoutPatterns: boolean;
  /** Sentinel: the name of the master to ask for; `null` when none was given. */
  readonly masterName: string | null;
  /** Sentinel: how to log in to the sentinels themselves. */
  readonly sentinelKwargs: SentinelLogin;
  /** Milliseconds to wait for an answer of Redis, for a connection to it; `null` for beat's own choice. */
  readonly socketTimeout: number | null;
  readonly socketConnectTimeout: number | null;
  /** Milliseconds after which the system asks whether a silent peer is there; `null` for never. */
  readonly keepAlive: number | null;
  /** What servers call beat's connections; `null` for beat's own choice. */
  readonly clientName: string | null;
  /** What else is said of the client to an AMQP broker. */
  readonly clientProperties: Readonly<Record<string, unknown>>;
}

/** Where workers keep what tasks return. */
export interface ResultSettings {
  /** As Celery writes it; a URL may hold passwords: see `maskUrl`. `null` when there is none. */
  readonly url: string | null;
  /** How long results are kept, milliseconds; `null` for ever. */
  readonly expires: number | null;
  /** Whether the backend forgets them by itself. */
  readonly expiresByItself: boolean;
  /** Before every key in it; empty, or ends in one of `: _ - .`. */
  readonly keyPrefix: string;
  /** Whether the results of a chord come in the order of its tasks. */
  readonly chordOrdered: boolean;
  /** Sentinel: the name of the master; how to log in to the sentinels themselves. */
  readonly masterName: string | null;
  readonly sentinelKwargs: SentinelLogin;
  /** How the connection to a backend in Redis is encrypted, beside what its URL says. */
  readonly tls: TlsSettings | null;
}

export interface SentinelLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Whether the sentinels are spoken to over TLS; unless given, if anything is said of how. */
  readonly ssl?: boolean | undefined;
  readonly tls?: TlsSettings | undefined;
  /** Milliseconds to wait for the answer of one; beat's own choice unless given. */
  readonly timeout?: number | undefined;
}

export const LOGIN_METHODS = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'] as const;
export type LoginMethod = (typeof LOGIN_METHODS)[number];

/** How a connection to an AMQP broker is kept. Milliseconds. */
export interface ConnectionSettings {
  /** What comes after a URL that did not work: the next one, or any. */
  readonly failoverStrategy: 'round-robin' | 'shuffle';
  /** How often both sides say that they are there; whole seconds, 0 for never. */
  readonly heartbeat: number;
  /** How long a connection may take to be made. */
  readonly timeout: number;
  /** By SASL's name. EXTERNAL goes by the client's certificate. */
  readonly login: LoginMethod;
  /** What connections to the broker are encrypted with, as far as its URL does not say it; `null` where that is all. */
  readonly tls: TlsSettings | null;
  /** AMQP: of the queues in which tasks wait for their ETA, where Celery has them wait in RabbitMQ. */
  readonly delayedType: QueueType;
}

export const DEFAULT_TRANSPORT: TransportOptions = {
  globalKeyprefix: '',
  sep: '\x06\x16',
  prioritySteps: [0, 3, 6, 9],
  fanoutPrefix: '/{db}.',
  fanoutPatterns: true,
  masterName: null,
  sentinelKwargs: {},
  socketTimeout: null,
  socketConnectTimeout: null,
  keepAlive: 0,
  clientName: null,
  clientProperties: {},
};

export const DEFAULT_CONNECTION: ConnectionSettings = {
  failoverStrategy: 'round-robin',
  heartbeat: 10_000,
  timeout: 4_000,
  login: 'PLAIN',
  tls: null,
  delayedType: 'quorum',
};
