import { AMQP_PARAMETERS, REDIS_PARAMETERS, type ServerUrls, type Variant } from '../contracts/broker/server-url.ts';
import type { Broker } from '../contracts/broker/broker.ts';
import type { OpenConsumer } from '../contracts/broker/consumer.ts';
import type { OpenEventStream } from '../contracts/broker/event-stream.ts';
import type { OpenMailbox } from '../contracts/broker/mailbox.ts';
import type { ResultBackend, ResultSettings } from '../contracts/store/results.ts';
import type { ReadRedBeat, ReadTables } from '../contracts/store/import-source.ts';
import type { BrokerOptions, StateDriver } from '../contracts/store/store.ts';
import type { OpenResultReader } from '../contracts/store/result-reader.ts';
import type { OpenTaskResults } from '../contracts/store/task-results.ts';

/** The capabilities of a kind of server or file. This module opens no connection. */
export interface Driver {
  readonly name: 'redis' | 'sentinel' | 'sqlite' | 'postgresql' | 'mysql' | 'memory' | 'amqp';
  /** The name in messages. */
  readonly title: string;
  /** Schemes of its URLs, in lower case, as Celery's users write them. No other file compares schemes. */
  readonly schemes: Readonly<Record<string, Variant>>;
  /** Query parameters of its URLs beside `ssl_…`; `null` where URLs follow SQLAlchemy's rules. */
  readonly parameters: readonly string[] | null;
  /** Whether URLs of several servers, with `;` between them, are one broker. */
  readonly failover: boolean;
  /** Whether its URL may be one of `lockUrls`. */
  readonly locks: boolean;
  /** Whether `lockUrls` may hold the lock for its ledger. */
  readonly lockElsewhere: boolean;
  /** Whether it can be the result backend of chords. */
  readonly chords: boolean;
  /** Whether `masterName` is required. */
  readonly masterName: boolean;
  /** Whether it is a server: calls of lock and ledger then have a time limit. */
  readonly remote: boolean;
  /** Whether instances on several hosts can share it. */
  readonly shared: boolean;
  /** Whether `brokerUseSsl` applies; a database reads encryption from its URL. */
  readonly useSsl: boolean;
  /** The type of the exchange for task events; `null` where kombu has none. */
  readonly taskEvents: 'topic' | 'fanout' | null;
  readonly fanoutExchanges: boolean;
  readonly headersExchanges: boolean;
  /** Whether the broker stores the bindings of workers. Otherwise only the configuration binds queues. */
  readonly bindings: boolean;
  readonly limits: DriverLimits;
  /** Loads the driver of a store; `null` if it cannot hold state. */
  readonly load: (() => Promise<StateDriver>) | null;
  /** Loads the driver of a broker that cannot hold state. */
  readonly loadBroker: (() => Promise<(options: BrokerOptions) => Broker>) | null;
  /** Loads the consumer of `beat worker`; `null` if it has none. */
  readonly loadConsumer: (() => Promise<OpenConsumer>) | null;
  /** Loads the driver of a result backend; `null` if it has none. */
  readonly loadResults: (() => Promise<OpenResults>) | null;
  /** Loads the driver of a result backend for `beat worker`; `null` if it has none. */
  readonly loadTaskResults: (() => Promise<OpenTaskResults>) | null;
  /** Loads the mailbox of remote control; without fanout exchanges it reaches workers of beat alone. */
  readonly loadMailbox?: () => Promise<OpenMailbox>;
  /** Loads the receiver of task events; absent where kombu has none. */
  readonly loadEventStream?: () => Promise<OpenEventStream>;
  /** Loads what reads the outcomes of tasks; absent where they cannot be read. */
  readonly loadResultReader?: () => Promise<OpenResultReader>;
  /** Loads what reads the tables of another program, for imports; absent where there are none. */
  readonly loadTables?: () => Promise<ReadTables>;
  /** Loads what reads the entries of RedBeat, for imports; absent where there are none. */
  readonly loadRedBeat?: () => Promise<ReadRedBeat>;
}

type OpenResults = (server: ServerUrls, settings: ResultSettings) => ResultBackend;

/** The longest names that a driver stores; `null` if no configuration reaches a limit. */
export interface DriverLimits {
  /** Whether AMQP's limits on short strings and header tables apply. */
  readonly amqp: boolean;
  /** Characters of a queue's name. */
  readonly queue: number | null;
  /** UTF-8 bytes of an entry's name, and of the key prefix. */
  readonly entry: number | null;
  readonly prefix: number | null;
  /** Whether it stores the character NUL. */
  readonly nul: boolean;
}

const NO_LIMITS: DriverLimits = { amqp: false, queue: null, entry: null, prefix: null, nul: true };

/** The defaults of a row, without any capability: each row of the table names only what its driver can do. */
const NOTHING = {
  parameters: null,
  failover: false,
  locks: false,
  lockElsewhere: false,
  chords: false,
  masterName: false,
  remote: false,
  shared: false,
  useSsl: false,
  taskEvents: null,
  fanoutExchanges: false,
  headersExchanges: false,
  bindings: false,
  limits: NO_LIMITS,
  load: null,
  loadBroker: null,
  loadConsumer: null,
  loadResults: null,
  loadTaskResults: null,
} as const;

const REDIS = {
  ...NOTHING,
  title: 'Redis',
  parameters: REDIS_PARAMETERS,
  lockElsewhere: true,
  chords: true,
  remote: true,
  shared: true,
  useSsl: true,
  // kombu's Redis stores nothing for a topic without bindings, so it publishes events to a fanout exchange.
  taskEvents: 'fanout',
  fanoutExchanges: true,
  bindings: true,
  load: () => import('./redis/store.ts').then(({ redisDriver }) => redisDriver),
  loadConsumer: () => import('./redis/consumer.ts').then(({ openRedisConsumer }) => openRedisConsumer),
  loadResults: () => import('./redis/results.ts').then(({ openRedisResults }) => openRedisResults),
  loadTaskResults: () => import('./redis/results.ts').then(({ openRedisTaskResults }) => openRedisTaskResults),
  loadMailbox: () => import('./redis/channels.ts').then(({ openRedisMailbox }) => openRedisMailbox),
  loadEventStream: () => import('./redis/channels.ts').then(({ openRedisEventStream }) => openRedisEventStream),
  loadResultReader: () => import('./redis/results.ts').then(({ openRedisResultReader }) => openRedisResultReader),
  loadRedBeat: () => import('./redis/redbeat.ts').then(({ readRedBeat }) => readRedBeat),
} as const;

const SQL_SERVER = { ...NOTHING, remote: true, shared: true } as const;

/** The length of kombu's column for queue names, in characters. */
const KOMBU_QUEUE = 200;

/** All brokers and stores. A new one is a row in this table and a folder beside this file. */
export const DRIVERS: readonly Driver[] = [
  {
    ...REDIS,
    name: 'redis',
    schemes: { redis: {}, rediss: { tls: true }, 'redis+socket': { socket: true }, unix: { socket: true } },
    locks: true,
  },
  { ...REDIS, name: 'sentinel', schemes: { sentinel: { sentinel: true } }, failover: true, masterName: true },
  {
    ...NOTHING,
    name: 'sqlite',
    title: 'SQLite',
    schemes: { 'sqla+sqlite': {} },
    load: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.stateDriver),
    loadConsumer: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.openConsumer),
    loadTaskResults: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.openTaskResults),
    loadResultReader: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.openResultReader),
    loadMailbox: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.openMailbox),
    loadTables: () => import('./sql/sqlite/driver.ts').then(({ driver }) => driver.readTables),
  },
  {
    ...SQL_SERVER,
    name: 'postgresql',
    title: 'PostgreSQL',
    schemes: { 'sqla+postgresql': {} },
    limits: { ...NO_LIMITS, queue: KOMBU_QUEUE, nul: false },
    load: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.stateDriver),
    loadConsumer: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openConsumer),
    loadTaskResults: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openTaskResults),
    loadResultReader: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openResultReader),
    loadMailbox: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openMailbox),
    loadTables: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.readTables),
  },
  {
    ...SQL_SERVER,
    name: 'mysql',
    title: 'MySQL',
    schemes: { 'sqla+mysql': {}, 'sqla+mariadb': { product: 'MariaDB' } },
    limits: { ...NO_LIMITS, queue: KOMBU_QUEUE, entry: 2_048, prefix: 255 },
    load: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.stateDriver),
    loadConsumer: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openConsumer),
    loadTaskResults: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openTaskResults),
    loadResultReader: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openResultReader),
    loadMailbox: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openMailbox),
    loadTables: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.readTables),
  },
  {
    ...NOTHING,
    name: 'memory',
    title: 'memory',
    schemes: { memory: {} },
    fanoutExchanges: true,
    headersExchanges: true,
    bindings: true,
    load: () => import('./memory/store.ts').then(({ memoryDriver }) => memoryDriver),
    loadConsumer: () => import('./memory/consumer.ts').then(({ openMemoryConsumer }) => openMemoryConsumer),
  },
  {
    ...NOTHING,
    name: 'amqp',
    title: 'RabbitMQ',
    schemes: { amqp: {}, amqps: { tls: true }, pyamqp: {}, librabbitmq: {} },
    parameters: AMQP_PARAMETERS,
    failover: true,
    remote: true,
    shared: true,
    useSsl: true,
    taskEvents: 'topic',
    fanoutExchanges: true,
    headersExchanges: true,
    bindings: true,
    limits: { ...NO_LIMITS, amqp: true },
    loadBroker: () => import('./amqp/broker.ts').then(({ openAmqpBroker }) => openAmqpBroker),
    loadConsumer: () => import('./amqp/consumer.ts').then(({ openAmqpConsumer }) => openAmqpConsumer),
    loadMailbox: () => import('./amqp/transient-queues.ts').then(({ openAmqpMailbox }) => openAmqpMailbox),
    loadEventStream: () => import('./amqp/transient-queues.ts').then(({ openAmqpEventStream }) => openAmqpEventStream),
  },
];

interface Scheme {
  readonly driver: Driver;
  readonly variant: Variant;
}

const BY_SCHEME: ReadonlyMap<string, Scheme> = new Map(
  DRIVERS.flatMap((driver) => Object.entries(driver.schemes).map(([scheme, variant]) => [scheme, { driver, variant }])),
);

/** The driver of a scheme in lower case, and the scheme's variant; `null` for an unknown scheme. */
export function findScheme(scheme: string): Scheme | null {
  return BY_SCHEME.get(scheme) ?? null;
}

export function findSchemes(condition: (driver: Driver) => boolean): readonly string[] {
  return DRIVERS.filter(condition).flatMap(({ schemes }) => Object.keys(schemes));
}
