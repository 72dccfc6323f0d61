import { z } from 'zod';
import {
  DEFAULT_CONNECTION,
  DEFAULT_TRANSPORT,
  LOGIN_METHODS,
  type ConnectionSettings,
  type SentinelLogin,
  type TlsSettings,
  type TransportOptions,
} from '../../contracts/broker/connection-settings.ts';
import type { Diagnostic } from '../../util/diagnostic.ts';
import type { Settings } from '../settings.ts';
import type { Report } from '../validate.ts';
import {
  flag,
  ignored,
  limitedDuration,
  mapOf,
  oneOf,
  option,
  parseDuration,
  type ShapeOutput,
  text,
  whole,
} from '../values/option.ts';
import { DAY } from '../../schedule/instants.ts';
import { withoutAbsent } from '../../util/keys.ts';
import { mongodbShape, readMongodb } from './mongodb.ts';
import { checkSqs, readSqs, sqsShape } from './sqs.ts';
import { tlsSettings, tlsShape, useSsl } from './tls.ts';

/** Celery's `sentinel_kwargs`: connections to the sentinels themselves. */
const sentinelSchema = mapOf(
  'SentinelConfig',
  {
    ...tlsShape,
    username: option.nonEmpty('User of the sentinels.', { example: 'beat' }),
    password: option.nonEmpty('Password of the sentinels; the password of a key is `sslPassword`.', {
      example: 'secret',
    }),
    ssl: option.flag('Whether connections to the sentinels are encrypted.', {
      otherwise: '`true` if any other TLS option is present',
    }),
    socketTimeout: option.duration('How long to wait for the answer of a sentinel.', { example: '500ms' }),
    socketConnectTimeout: ignored(),
    socketKeepalive: ignored(),
    socketKeepaliveOptions: ignored(),
    healthCheckInterval: ignored(),
    retryOnTimeout: ignored(),
    maxConnections: ignored(),
  },
  { description: 'Connections to the sentinels themselves.', others: 'redisOption' },
);

export function sentinelLogin(given: z.output<typeof sentinelSchema>): SentinelLogin {
  const { username, password, ssl } = given;
  const timeout = parseDuration(given.socketTimeout) ?? undefined;
  const tls = tlsSettings(given, given.sslPassword);
  return withoutAbsent({ username, password, ssl, timeout, tls: Object.keys(tls).length > 0 ? tls : undefined });
}

/** Options without effect here, for consumers or for what beat always does: one file can serve workers and beat. */
const WORKERS = [
  ['pollingInterval', 'ackEmulation', 'bodyEncoding'],
  ['unackedKey', 'unackedIndexKey', 'unackedMutexKey', 'unackedMutexExpire'],
  ['unackedRestoreLimit', 'unackedRestoreInterval', 'unackedRestoreThrottle'],
  ['maxConnections', 'healthCheckInterval', 'retryOnTimeout', 'sentinelFanoutCompat'],
  ['maxRetries', 'intervalStart', 'intervalStep', 'intervalMax', 'connectRetriesTimeout'],
  ['dataFolderIn', 'storeProcessed', 'processedFolder'],
  ['confirmTimeout', 'readTimeout', 'writeTimeout', 'socketSettings', 'locale'],
].flat();

const PRIORITIES = 'a list of numbers from 0 to 9';

export const masterName = () =>
  option.nonEmpty('Sentinel: the name of the master. Required there.', { example: 'mymaster' });
export const sentinelKwargs = () =>
  option(sentinelSchema, 'Sentinel: how to log in to the sentinels themselves.', { example: { password: 'secret' } });

export const transportSchema = mapOf(
  'TransportConfig',
  {
    globalKeyprefix: option.text('Redis: prefix of every key and channel of the broker.', {
      default: '',
      example: 'shop_',
    }),
    sep: option.nonEmpty("Redis: separator in kombu's compound names.", {
      default: DEFAULT_TRANSPORT.sep,
      example: ':',
    }),
    prioritySteps: option(
      z.array(whole(0, 9), PRIORITIES).min(1, `${PRIORITIES}, not empty`),
      'Redis: the priorities that have a list of their own.',
      { default: DEFAULT_TRANSPORT.prioritySteps, example: [0, 5, 9] },
    ),
    fanoutPrefix: option(
      z.union([flag(), z.string()], 'true, false, or a text such as /{db}.'),
      'Redis: prefix of the channels of fanout exchanges; `true` is `/{db}.`, `false` none.',
      { default: true, example: false },
    ),
    fanoutPatterns: option.flag('Redis: whether these channels end in the routing key.', {
      default: DEFAULT_TRANSPORT.fanoutPatterns,
    }),
    queueOrderStrategy: ignored(text()),
    masterName: masterName(),
    sentinelKwargs: sentinelKwargs(),
    minOtherSentinels: option(
      whole(0, 100, 'a whole number from 0'),
      'Accepted with a warning: beat trusts the first sentinel that names a master.',
      { default: 0, example: 1 },
    ),
    socketTimeout: option.duration(
      'Redis: how long to wait for an answer. Connections of lock and ledger wait at most half of `lock.ttl`.',
      { otherwise: 'half of `lock.ttl`', example: '5s' },
    ),
    socketConnectTimeout: option.duration('Redis: how long connecting may take.', {
      otherwise: 'half of `lock.ttl`',
      example: '5s',
    }),
    socketKeepalive: option.flag('Whether the system probes idle connections.', { default: true }),
    socketKeepaliveOptions: option.map("Python's `TCP_KEEPIDLE` (or its number 4): seconds before the first probe.", {
      example: { TCP_KEEPIDLE: 60 },
    }),
    clientName: option.nonEmpty("What servers call beat's connections.", { otherwise: '`beat`', example: 'beat-eu' }),
    clientProperties: option.map('AMQP: further properties of the client.', { default: {}, example: { team: 'shop' } }),
    dataFolderOut: option.nonEmpty('The file system: the folder from which workers read messages.', {
      default: DEFAULT_TRANSPORT.dataFolderOut,
      example: '/srv/celery/queue',
    }),
    controlFolder: option.nonEmpty('The file system: the folder in which workers store bindings.', {
      default: DEFAULT_TRANSPORT.controlFolder,
      example: '/srv/celery/control',
    }),
    confirmPublish: option.flag('Accepted; `false` with a warning: beat always waits for the confirm of RabbitMQ.', {
      default: true,
    }),
    ...sqsShape,
    ...mongodbShape,
    ...Object.fromEntries(WORKERS.map((key) => [key, ignored()])),
  },
  { description: "Celery's `broker_transport_options`; those of consumers have no effect.", others: 'workersOption' },
);

/** AMQP counts heartbeats in whole seconds, with 16 bits. */
const MAX_HEARTBEAT = 65_535_000;

export const connectionShape = {
  brokerUseSsl: option(
    useSsl(),
    'Encrypts connections to the broker, whose certificate is verified unless `certReqs` says otherwise. Parameters of the URL win.',
    { default: false, example: { caCerts: '/etc/ssl/ca.pem' } },
  ),
  brokerLoginMethod: option(
    z.enum(LOGIN_METHODS, `one of ${LOGIN_METHODS.join(', ')}`),
    "AMQP: the SASL mechanism; EXTERNAL uses the client's certificate.",
    { default: DEFAULT_CONNECTION.login, example: 'EXTERNAL' },
  ),
  brokerFailoverStrategy: option(
    oneOf(['round-robin', 'shuffle']),
    'Which broker URL is tried after one that failed: the next, or a random one.',
    { default: DEFAULT_CONNECTION.failoverStrategy, example: 'shuffle' },
  ),
  brokerHeartbeat: option(
    limitedDuration((ms) => ms % 1_000 === 0 && ms <= MAX_HEARTBEAT, 'whole seconds, 65535 at most, or 0 for none'),
    'AMQP: interval of heartbeats, in whole seconds; 0 disables them.',
    { default: `${DEFAULT_CONNECTION.heartbeat / 1_000}s`, example: '30s' },
  ),
  brokerConnectionTimeout: option(
    limitedDuration((ms) => ms > 0 && ms <= DAY, 'longer than 0 and at most 1d'),
    'AMQP: how long connecting may take, at most 1d.',
    { default: `${DEFAULT_CONNECTION.timeout / 1_000}s`, example: '10s' },
  ),
  brokerNativeDelayedDeliveryQueueType: option(
    oneOf(['classic', 'quorum']),
    'AMQP: type of the queues in which tasks wait for their ETA, where a quorum queue is configured.',
    { default: DEFAULT_CONNECTION.delayedType, example: 'classic' },
  ),
  brokerTransportOptions: option(transportSchema, "Options of kombu's transports.", {
    example: { masterName: 'mymaster' },
  }),
};

export function readConnection(
  settings: Omit<ShapeOutput<typeof connectionShape>, 'brokerUseSsl'>,
  tls: TlsSettings | null,
): ConnectionSettings {
  const given = {
    failoverStrategy: settings.brokerFailoverStrategy,
    heartbeat: parseDuration(settings.brokerHeartbeat) ?? undefined,
    timeout: parseDuration(settings.brokerConnectionTimeout) ?? undefined,
    login: settings.brokerLoginMethod,
    delayedType: settings.brokerNativeDelayedDeliveryQueueType,
  };
  return { ...DEFAULT_CONNECTION, ...withoutAbsent(given), tls };
}

/** `warn` receives options that are accepted and have no effect here. */
export function readTransport(
  { brokerTransportOptions: input = {} }: Pick<ShapeOutput<typeof connectionShape>, 'brokerTransportOptions'>,
  warn: Report,
): TransportOptions {
  const { globalKeyprefix, sep, fanoutPatterns, masterName, clientName, clientProperties } = input;
  const { dataFolderOut, controlFolder } = input;
  const { prioritySteps, fanoutPrefix = true, sentinelKwargs, socketKeepalive, socketKeepaliveOptions } = input;
  if (input.confirmPublish === false) {
    warn(['brokerTransportOptions', 'confirmPublish'], 'ignored: beat always waits for the confirm of RabbitMQ');
  }
  if (input.minOtherSentinels !== undefined && input.minOtherSentinels > 0) {
    const message = 'ignored: beat trusts the first sentinel that names a master';
    warn(['brokerTransportOptions', 'minOtherSentinels'], message);
  }
  const idle = IDLE.map((name) => socketKeepaliveOptions?.[name]).find((value) => value);
  const given = {
    ...{ globalKeyprefix, sep, fanoutPatterns, masterName, clientName, clientProperties, dataFolderOut, controlFolder },
    prioritySteps: prioritySteps && [...new Set(prioritySteps)].sort((a, b) => a - b),
    // kombu's switch for the prefix, or a custom prefix.
    fanoutPrefix: fanoutPrefix === true ? undefined : fanoutPrefix || '',
    sentinelKwargs: sentinelKwargs && sentinelLogin(sentinelKwargs),
    socketTimeout: parseDuration(input.socketTimeout),
    socketConnectTimeout: parseDuration(input.socketConnectTimeout),
    sqs: readSqs(input),
    mongodb: readMongodb(input),
    keepAlive: socketKeepalive === false ? null : typeof idle === 'number' ? idle * 1_000 : undefined,
  };
  return { ...DEFAULT_TRANSPORT, ...withoutAbsent(given) };
}

/** Python's names and number of the one socket option that Node can set. */
const IDLE = ['TCP_KEEPIDLE', 'tcp_keepidle', '4'];

type ServiceSettings = Pick<Settings, 'broker' | 'state' | 'lock' | 'transport'>;

/** Reports transport options that are valid alone but not with these URLs. */
export function checkTransport(settings: ServiceSettings, report: Report): void {
  const { broker, state, transport } = settings;
  const needsName = [broker, state].some(({ driver }) => driver?.masterName);
  if (needsName && transport.masterName === null) {
    const path = ['brokerTransportOptions', 'masterName'];
    report(path, 'missing; sentinel:// needs the name of the master that the sentinels watch');
  }
  if (broker.driver?.limits?.sqs) checkSqs(transport.sqs, report);
  for (const key of TIMEOUTS) {
    if (transport[key] === 0) report(['brokerTransportOptions', key], 'expected longer than 0, got 0');
  }
}

const TIMEOUTS = ['socketTimeout', 'socketConnectTimeout'] as const;

/** Timeouts that the lock shortens, for the debug log. They are settings of the workers and need no change. */
export function shortenedTimeouts({ state, lock, transport }: ServiceSettings): Omit<Diagnostic, 'severity'>[] {
  if (!state.driver?.remote) return [];
  return TIMEOUTS.flatMap((key) => {
    const timeout = transport[key];
    if (timeout === null || timeout <= lock.ttl / 2) return [];
    const message =
      `${timeout / 1_000} s for workers; connections of lock and ledger time out after ` +
      `${lock.ttl / 2_000} s (half of lock.ttl), so that a renewal can be tried again before the lock expires`;
    return [{ path: ['brokerTransportOptions', key], message }];
  });
}
