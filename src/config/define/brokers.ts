import type { Duration } from './times.ts';

/** Where messages and state go, and how the connections to it are kept. */
export interface BrokersConfig {
  /**
   * Where tasks are sent. Several URLs, as a list or with `;` between them, are tried in turn: nodes of
   * one RabbitMQ cluster, or sentinels. Default `sqla+sqlite:///beat.sqlite`, one file, no server.
   */
  brokerUrl?: string | readonly string[] | undefined;
  /** Celery's name for a broker URL that is for sending only; it wins over `brokerUrl`. */
  brokerWriteUrl?: string | readonly string[] | undefined;
  /**
   * Where lock and ledger are: Redis, Sentinel, PostgreSQL, MariaDB, MySQL or an SQLite file. Default: the broker itself, where it
   * can keep them; under RabbitMQ the file `sqla+sqlite:///beat.sqlite`, which one host alone can see.
   */
  stateUrl?: string | undefined;
  /**
   * Independent Redis servers, best three or five: whoever has the lock on most of them leads. Default:
   * the lock is where the ledger is.
   */
  lockUrls?: readonly string[] | undefined;
  /** What follows a broker URL that does not work: the next, or any. Default `round-robin`. */
  brokerFailoverStrategy?: 'round-robin' | 'shuffle' | undefined;
  /** AMQP: how often both sides say that they are there; whole seconds, 0 for never. Default 10 s. */
  brokerHeartbeat?: Duration | undefined;
  /** AMQP: how long a connection may take to be made. Default 4 s. */
  brokerConnectionTimeout?: Duration | undefined;
  /**
   * `true`, or how: connections to the broker are encrypted, and its certificate is verified unless told
   * otherwise. What the URL itself says of it has the last word.
   */
  brokerUseSsl?: boolean | SslConfig | undefined;
  /** AMQP: how to log in; EXTERNAL goes by the client's certificate. Default `PLAIN`. */
  brokerLoginMethod?: 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL' | undefined;
  /** AMQP: the type of the queues in which tasks wait for their ETA, where a quorum queue is configured. Default `quorum`. */
  brokerNativeDelayedDeliveryQueueType?: 'classic' | 'quorum' | undefined;
  brokerTransportOptions?: TransportConfig | undefined;
}

/** Celery's names, for AMQP without `ssl_` before them and for Redis with it. Files are PEM. */
export interface SslConfig {
  caCerts?: string | undefined;
  certfile?: string | undefined;
  keyfile?: string | undefined;
  /** `required`, `optional` or `none`; Python's `ssl.CERT_*`, too, by name or number. */
  certReqs?: string | number | null | undefined;
  checkHostname?: boolean | undefined;
  /** The name that the certificate should bear, if not that in the URL. */
  serverHostname?: string | undefined;
  ciphers?: string | undefined;
  /** Of the key. */
  password?: string | undefined;
  sslCaCerts?: string | undefined;
  sslCaData?: string | undefined;
  sslCertfile?: string | undefined;
  sslKeyfile?: string | undefined;
  sslCertReqs?: string | number | null | undefined;
  sslCheckHostname?: boolean | undefined;
  sslCiphers?: string | undefined;
  sslPassword?: string | undefined;
}

/** How sentinels are spoken to: `ssl: true` encrypts it. */
export interface SentinelConfig extends SslConfig {
  username?: string | undefined;
  ssl?: boolean | undefined;
  socketTimeout?: Duration | undefined;
  [otherOption: string]: unknown;
}

/** Celery's `broker_transport_options`; those that concern only workers are read and left to them. */
export interface TransportConfig {
  globalKeyprefix?: string | undefined;
  sep?: string | undefined;
  prioritySteps?: readonly number[] | undefined;
  /** Redis: before the channels of fanout exchanges; `true` is `/{db}.`, `false` nothing. */
  fanoutPrefix?: boolean | string | undefined;
  /** Redis: whether those channels end in the routing key. Default `true`. */
  fanoutPatterns?: boolean | undefined;
  queueOrderStrategy?: string | undefined;
  /** Sentinel: the name of the master. */
  masterName?: string | undefined;
  /** Sentinel: how to log in to the sentinels themselves; the URL's password is the master's. */
  sentinelKwargs?: SentinelConfig | undefined;
  /** How long Redis may take to answer, and to be connected to. */
  socketTimeout?: Duration | undefined;
  socketConnectTimeout?: Duration | undefined;
  /** Whether the system asks after silent peers; Python's `TCP_KEEPIDLE` says after how many seconds. */
  socketKeepalive?: boolean | undefined;
  socketKeepaliveOptions?: Readonly<Record<string, unknown>> | undefined;
  /** What servers call beat's connections. Default `beat`. */
  clientName?: string | undefined;
  /** AMQP: what else is said of the client. */
  clientProperties?: Readonly<Record<string, unknown>> | undefined;
  [workersOption: string]: unknown;
}
