import type { QueueType } from '../routing/queues.ts';
import type { TlsSettings } from './tls.ts';

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
