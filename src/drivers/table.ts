import { AMQP_PARAMETERS, REDIS_PARAMETERS, type ServerUrls, type Variant } from '../contracts/broker/server-url.ts';
import type { Broker, BrokerOptions } from '../contracts/broker/broker.ts';
import type { OpenConsumer } from '../contracts/broker/consumer.ts';
import type { OpenEventStream } from '../contracts/broker/event-stream.ts';
import type { OpenMailbox } from '../contracts/broker/mailbox.ts';
import type { ResultBackend, ResultSettings, OpenResultReader, OpenTaskResults } from '../contracts/store/results.ts';
import type { ReadRedBeat, ReadTables } from '../contracts/store/import-source.ts';
import type { StateDriver } from '../contracts/store/store.ts';

/** A kind of server or file: its loaders and capabilities, absent if it has none. This module opens no connection. */
export interface Driver {
  readonly name:
    | 'redis'
    | 'sentinel'
    | 'sqlite'
    | 'postgresql'
    | 'mysql'
    | 'memory'
    | 'amqp'
    | 'filesystem'
    | 'sqs'
    | 'mongodb'
    | 'own';
  /** The name in messages. */
  readonly title: string;
  /** Schemes of its URLs, in lower case, as Celery's users write them. No other file compares schemes. */
  readonly schemes: Readonly<Record<string, Variant>>;
  /** Query parameters of its URLs beside `ssl_…`; absent where its client checks them. */
  readonly parameters?: readonly string[];
  /** Whether URLs of several servers, with `;` between them, are one broker. */
  readonly failover?: true;
  /** Whether its URL may be one of `lockUrls`. */
  readonly locks?: true;
  /** Whether `lockUrls` may hold the lock for its ledger. */
  readonly lockElsewhere?: true;
  /** Whether it can be the result backend of chords. */
  readonly chords?: true;
  /** Whether `masterName` is required. */
  readonly masterName?: true;
  /** Whether it is a server: calls of lock and ledger then have a time limit. */
  readonly remote?: true;
  /** Whether instances on several hosts can share it. */
  readonly shared?: true;
  /** Whether `brokerUseSsl` applies; if not, `encryption` says for a server how its connections are encrypted. */
  readonly useSsl?: true;
  readonly encryption?: string;
  /** The type of the exchange for task events; absent where kombu has none. */
  readonly taskEvents?: 'topic' | 'fanout';
  readonly fanoutExchanges?: true;
  readonly headersExchanges?: true;
  /** Whether the broker stores the bindings of workers. Otherwise only the configuration binds queues. */
  readonly bindings?: true;
  readonly limits?: DriverLimits;
  /** Loads the driver of a store of the state. */
  readonly load?: () => Promise<StateDriver>;
  /** Loads the driver of a broker that cannot hold state. */
  readonly loadBroker?: () => Promise<(options: BrokerOptions) => Broker>;
  /** Loads the consumer of `beat worker`. */
  readonly loadConsumer?: () => Promise<OpenConsumer>;
  readonly loadResults?: () => Promise<(server: ServerUrls, settings: ResultSettings) => ResultBackend>;
  /** Loads the driver of a result backend for `beat worker`. */
  readonly loadTaskResults?: () => Promise<OpenTaskResults>;
  /** Loads the mailbox of remote control; without fanout exchanges it reaches workers of beat alone. */
  readonly loadMailbox?: () => Promise<OpenMailbox>;
  /** Loads the receiver of task events. */
  readonly loadEventStream?: () => Promise<OpenEventStream>;
  /** Loads what reads the outcomes of tasks. */
  readonly loadResultReader?: () => Promise<OpenResultReader>;
  /** Loads what reads the tables of another program, for imports. */
  readonly loadTables?: () => Promise<ReadTables>;
  readonly loadRedBeat?: () => Promise<ReadRedBeat>;
}

/** The longest names that a driver stores; a limit that no configuration reaches is absent. */
export interface DriverLimits {
  /** Whether AMQP's limits on short strings and header tables apply. */
  readonly amqp?: true;
  /** Whether SQS's limits on names of queues and on messages apply. */
  readonly sqs?: true;
  /** Whether a queue's name is part of the name of a file. */
  readonly fileName?: true;
  /** Characters of a queue's name. */
  readonly queue?: number;
  /** UTF-8 bytes of an entry's name, and of the key prefix. */
  readonly entry?: number;
  readonly prefix?: number;
  /** `false` if it cannot store the character NUL. */
  readonly nul?: false;
}

const REDIS = {
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
    name: 'postgresql',
    title: 'PostgreSQL',
    schemes: { 'sqla+postgresql': {} },
    remote: true,
    shared: true,
    encryption: 'write ?sslmode=verify-full into the URL',
    limits: { queue: KOMBU_QUEUE, nul: false },
    load: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.stateDriver),
    loadConsumer: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openConsumer),
    loadTaskResults: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openTaskResults),
    loadResultReader: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openResultReader),
    loadMailbox: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.openMailbox),
    loadTables: () => import('./sql/postgresql/driver.ts').then(({ driver }) => driver.readTables),
  },
  {
    name: 'mysql',
    title: 'MySQL',
    schemes: { 'sqla+mysql': {}, 'sqla+mariadb': { product: 'MariaDB' } },
    remote: true,
    shared: true,
    encryption: 'write ?ssl_ca=PATH into the URL',
    limits: { queue: KOMBU_QUEUE, entry: 2_048, prefix: 255 },
    load: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.stateDriver),
    loadConsumer: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openConsumer),
    loadTaskResults: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openTaskResults),
    loadResultReader: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openResultReader),
    loadMailbox: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.openMailbox),
    loadTables: () => import('./sql/mysql/driver.ts').then(({ driver }) => driver.readTables),
  },
  {
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
    limits: { amqp: true },
    loadBroker: () => import('./amqp/broker.ts').then(({ openAmqpBroker }) => openAmqpBroker),
    loadConsumer: () => import('./amqp/consumer.ts').then(({ openAmqpConsumer }) => openAmqpConsumer),
    loadMailbox: () => import('./amqp/transient-queues.ts').then(({ openAmqpMailbox }) => openAmqpMailbox),
    loadEventStream: () => import('./amqp/transient-queues.ts').then(({ openAmqpEventStream }) => openAmqpEventStream),
  },
  {
    name: 'filesystem',
    title: 'the file system',
    schemes: { filesystem: {} },
    parameters: [],
    fanoutExchanges: true,
    bindings: true,
    limits: { fileName: true },
    loadBroker: () => import('./filesystem/broker.ts').then(({ openFilesystemBroker }) => openFilesystemBroker),
  },
  {
    name: 'sqs',
    title: 'Amazon SQS',
    schemes: { sqs: {} },
    parameters: [],
    remote: true,
    shared: true,
    encryption: 'its connections are encrypted; for an emulator, set brokerTransportOptions.isSecure',
    limits: { sqs: true },
    loadBroker: () => import('./sqs/broker.ts').then(({ openSqsBroker }) => openSqsBroker),
    loadConsumer: () => import('./sqs/consumer.ts').then(({ openSqsConsumer }) => openSqsConsumer),
  },
  {
    name: 'mongodb',
    title: 'MongoDB',
    schemes: { mongodb: {}, 'mongodb+srv': {} },
    remote: true,
    shared: true,
    taskEvents: 'topic',
    fanoutExchanges: true,
    bindings: true,
    encryption: 'write ?tls=true into the URL, or a mongodb+srv:// URL',
    limits: { prefix: 100, nul: false },
    load: () => import('./mongodb/store.ts').then(({ mongoDriver }) => mongoDriver),
    loadResultReader: () => import('./mongodb/results.ts').then(({ openMongoResultReader }) => openMongoResultReader),
  },
];

/** Beat's own drivers by scheme. */
export const BUILT_IN: ReadonlyMap<string, Driver> = new Map(
  DRIVERS.flatMap((driver) => Object.keys(driver.schemes).map((scheme) => [scheme, driver] as const)),
);

/** The driver of a scheme in lower case, among beat's own and others, and the scheme's variant. */
export function findScheme(
  scheme: string,
  others: readonly Driver[] = [],
): { readonly driver: Driver | null; readonly variant: Variant } {
  const driver = BUILT_IN.get(scheme) ?? others.find(({ schemes }) => Object.hasOwn(schemes, scheme)) ?? null;
  return { driver, variant: driver?.schemes[scheme] ?? {} };
}

export function findSchemes(condition: (driver: Driver) => boolean | undefined): readonly string[] {
  return DRIVERS.filter(condition).flatMap(({ schemes }) => Object.keys(schemes));
}
