import type { Clock } from '../../util/clock.ts';
import type { ServerUrls } from './server-url.ts';
import type { QueueType } from '../../celery/routing/queues.ts';

/** The `broker_transport_options` that a producer needs. */
export interface TransportOptions {
  /** The prefix of every key in Redis, including kombu's own. */
  readonly globalKeyprefix: string;
  /** The separator in kombu's compound names. */
  readonly sep: string;
  /** The priorities that have a separate list, ascending. */
  readonly prioritySteps: readonly number[];
  /** The prefix of the channels of fanout exchanges; `{db}` is replaced by the database number. */
  readonly fanoutPrefix: string;
  /** Whether those channels end in the routing key. */
  readonly fanoutPatterns: boolean;
  /** Sentinel: the name of the master; `null` if it is not configured. */
  readonly masterName: string | null;
  readonly sentinelKwargs: SentinelLogin;
  /** Timeouts of a command and of a connection attempt, milliseconds; `null` for beat's defaults. */
  readonly socketTimeout: number | null;
  readonly socketConnectTimeout: number | null;
  /** Milliseconds without data until the system sends TCP keepalive probes; `null` disables them. */
  readonly keepAlive: number | null;
  /** The name of beat's connections on the server; `null` for beat's default. */
  readonly clientName: string | null;
  /** Additional client properties for an AMQP broker. */
  readonly clientProperties: Readonly<Record<string, unknown>>;
  /** The file system: the folder from which workers read messages, and that of the bindings. */
  readonly dataFolderOut: string;
  readonly controlFolder: string;
  readonly sqs: SqsOptions;
  readonly mongodb: MongodbOptions;
}

/** The options of MongoDB. */
export interface MongodbOptions {
  /** The database of a URL without one. */
  readonly defaultDatabase: string;
  /** kombu's collections. */
  readonly messagesCollection: string;
  readonly routingCollection: string;
  readonly broadcastCollection: string;
  readonly queuesCollection: string;
  /** The size of the collection of broadcasts, if beat creates it. Bytes. */
  readonly cappedQueueSize: number;
  /** Whether messages expire, by the declarations of their queues and their own `expiration`. */
  readonly ttl: boolean;
}

/** The options of Amazon SQS. */
export interface SqsOptions {
  /** `null` for the region of AWS's environment variables and files. */
  readonly region: string | null;
  /** Whether an emulator, which the URL names, is reached over TLS. */
  readonly isSecure: boolean;
  /** The beginning of every queue's name in SQS. */
  readonly queueNamePrefix: string;
  /** The only queues, by their names in SQS; `null` if SQS is asked for their URLs. */
  readonly predefinedQueues: Readonly<Record<string, PredefinedQueue>> | null;
  /** Attributes and tags of the queues that beat creates. */
  readonly creationAttributes: Readonly<Record<string, string>>;
  readonly queueTags: Readonly<Record<string, string>>;
  /** Whether messages are encoded as base64; otherwise they are JSON. */
  readonly base64: boolean;
  /** How long a worker has for a message of the queues that beat creates. Whole seconds. */
  readonly visibilityTimeout: number;
  /** How long a receiver waits for a message. Seconds, at most 20. */
  readonly waitTime: number;
}

/** A queue of `predefined_queues`. Credentials and region are those of the broker, unless given. */
export interface PredefinedQueue {
  readonly url: string;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly region?: string | undefined;
}

/** TLS settings of a URL's `ssl_*` parameters or of `broker_use_ssl`. Paths name PEM files. */
export interface TlsSettings {
  /** Whether the server's certificate is verified; `true` unless given. */
  readonly verify?: boolean | undefined;
  /** Whether the name in the certificate is verified; `true` unless given. */
  readonly checkHostname?: boolean | undefined;
  /** The expected name in the certificate; the host of the URL unless given. */
  readonly serverHostname?: string | undefined;
  readonly caCerts?: string | undefined;
  /** As `caCerts`, but the PEM text instead of a path. */
  readonly caData?: string | undefined;
  readonly certfile?: string | undefined;
  readonly keyfile?: string | undefined;
  readonly password?: string | undefined;
  /** OpenSSL's names. */
  readonly ciphers?: string | undefined;
}

export interface SentinelLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Whether connections to sentinels use TLS; by default they do if `tls` is set. */
  readonly ssl?: boolean | undefined;
  readonly tls?: TlsSettings | undefined;
  /** The timeout of one sentinel in milliseconds; beat's default unless given. */
  readonly timeout?: number | undefined;
}

export const LOGIN_METHODS = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'] as const;
export type LoginMethod = (typeof LOGIN_METHODS)[number];

/** Settings of connections to an AMQP broker. Durations in milliseconds. */
export interface ConnectionSettings {
  /** Which URL is tried after an unreachable one: the next, or a random one. */
  readonly failoverStrategy: 'round-robin' | 'shuffle';
  /** The interval of heartbeats, in whole seconds; 0 disables them. */
  readonly heartbeat: number;
  readonly timeout: number;
  /** The SASL mechanism. EXTERNAL authenticates by the client certificate. */
  readonly login: LoginMethod;
  /** Encryption of connections to the broker, where the URL does not configure it; `null` if not set. */
  readonly tls: TlsSettings | null;
  /** AMQP: the type of the queues in which tasks wait for their ETA in RabbitMQ. */
  readonly delayedType: QueueType;
}

/** What every client of a broker needs to connect. */
export interface ReceiverOptions {
  readonly server: ServerUrls;
  readonly connection: ConnectionSettings;
  readonly transport: TransportOptions;
  readonly clock: Clock;
}

export const DEFAULT_SQS: SqsOptions = {
  region: null,
  isSecure: false,
  queueNamePrefix: '',
  predefinedQueues: null,
  creationAttributes: {},
  queueTags: {},
  base64: true,
  visibilityTimeout: 1_800,
  waitTime: 10,
};

export const DEFAULT_MONGODB: MongodbOptions = {
  defaultDatabase: 'kombu_default',
  messagesCollection: 'messages',
  routingCollection: 'messages.routing',
  broadcastCollection: 'messages.broadcast',
  queuesCollection: 'messages.queues',
  cappedQueueSize: 100_000,
  ttl: false,
};

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
  dataFolderOut: 'data_out',
  controlFolder: 'control',
  sqs: DEFAULT_SQS,
  mongodb: DEFAULT_MONGODB,
};

export const DEFAULT_CONNECTION: ConnectionSettings = {
  failoverStrategy: 'round-robin',
  heartbeat: 10_000,
  timeout: 4_000,
  login: 'PLAIN',
  tls: null,
  delayedType: 'quorum',
};
