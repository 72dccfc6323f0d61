import type { SentinelLogin } from '../settings.ts';
import type { Duration } from './times.ts';

/** Where messages and state go, and how the connections to it are kept. */
export interface BrokersConfig {
  /**
   * Where tasks are sent. Several URLs, as a list or with `;` between them, are tried in turn: nodes of
   * one RabbitMQ cluster, or sentinels. Default `sqla+sqlite:///beat.sqlite`, one file, no server.
   */
  brokerUrl?: string | readonly string[] | undefined;
  /**
   * Where lock and ledger are: Redis, Sentinel or an SQLite file. Default: the broker itself, where it
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
  brokerTransportOptions?: TransportConfig | undefined;
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
  sentinelKwargs?: SentinelLogin | undefined;
  /** How long Redis may take to answer, and to be connected to. */
  socketTimeout?: Duration | undefined;
  socketConnectTimeout?: Duration | undefined;
  [workersOption: string]: unknown;
}
