import { z } from 'zod';
import {
  DEFAULT_TRANSPORT,
  type TransportOptions,
  type SentinelLogin,
} from '../../contracts/broker/connection-settings.ts';
import type { Report } from '../validate.ts';
import { parseDuration, flag, text, whole, ignored, option, mapOf } from '../values/option.ts';
import { tlsSettings, tlsShape } from './tls.ts';

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
  const { username, password, ssl, socketTimeout } = given;
  const timeout = parseDuration(socketTimeout);
  const tls = tlsSettings(given, given.sslPassword);
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(ssl !== undefined && { ssl }),
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(timeout !== null && { timeout }),
  };
}

/**
 * Options that have no effect here, for consumers or for what beat always does. One file can serve workers and beat.
 */
const WORKERS = [
  ['visibilityTimeout', 'pollingInterval', 'ackEmulation', 'bodyEncoding'],
  ['unackedKey', 'unackedIndexKey', 'unackedMutexKey', 'unackedMutexExpire'],
  ['unackedRestoreLimit', 'unackedRestoreInterval', 'unackedRestoreThrottle'],
  ['maxConnections', 'healthCheckInterval', 'retryOnTimeout', 'sentinelFanoutCompat'],
  ['maxRetries', 'intervalStart', 'intervalStep', 'intervalMax', 'connectRetriesTimeout'],
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
      z.array(whole(0, 9, 'a whole number from 0 to 9'), PRIORITIES).min(1, `${PRIORITIES}, not empty`),
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
    confirmPublish: option.flag('Accepted; `false` with a warning: beat always waits for the confirm of RabbitMQ.', {
      default: true,
    }),
    ...Object.fromEntries(WORKERS.map((key) => [key, ignored()])),
  },
  { description: "Celery's `broker_transport_options`; those of consumers have no effect.", others: 'workersOption' },
);

type TransportInput = z.output<typeof transportSchema>;

/** `warn` receives options that are accepted and have no effect here. */
export function readTransport(input: TransportInput = {}, warn: Report = () => {}): TransportOptions {
  const { prioritySteps, socketTimeout, socketConnectTimeout, ...given } = input;
  if (given.confirmPublish === false) {
    const message = 'ignored: beat always waits for the confirm of RabbitMQ';
    warn(['brokerTransportOptions', 'confirmPublish'], message);
  }
  if (given.minOtherSentinels !== undefined && given.minOtherSentinels > 0) {
    const message = 'ignored: beat trusts the first sentinel that names a master';
    warn(['brokerTransportOptions', 'minOtherSentinels'], message);
  }
  return {
    globalKeyprefix: given.globalKeyprefix ?? DEFAULT_TRANSPORT.globalKeyprefix,
    sep: given.sep ?? DEFAULT_TRANSPORT.sep,
    prioritySteps: prioritySteps ? [...new Set(prioritySteps)].sort((a, b) => a - b) : DEFAULT_TRANSPORT.prioritySteps,
    fanoutPrefix: fanoutPrefix(given.fanoutPrefix ?? true),
    fanoutPatterns: given.fanoutPatterns ?? DEFAULT_TRANSPORT.fanoutPatterns,
    masterName: given.masterName ?? DEFAULT_TRANSPORT.masterName,
    sentinelKwargs: given.sentinelKwargs ? sentinelLogin(given.sentinelKwargs) : DEFAULT_TRANSPORT.sentinelKwargs,
    socketTimeout: parseDuration(socketTimeout),
    socketConnectTimeout: parseDuration(socketConnectTimeout),
    keepAlive: keepAlive(given),
    clientName: given.clientName ?? DEFAULT_TRANSPORT.clientName,
    clientProperties: given.clientProperties ?? DEFAULT_TRANSPORT.clientProperties,
  };
}

/** Reads kombu's switch for the prefix, or a custom prefix. */
function fanoutPrefix(given: boolean | string): string {
  if (typeof given === 'string') return given;
  return given ? DEFAULT_TRANSPORT.fanoutPrefix : '';
}

/** Python's names and number of the one socket option that Node can set. */
const IDLE = ['TCP_KEEPIDLE', 'tcp_keepidle', '4'];

function keepAlive({ socketKeepalive, socketKeepaliveOptions }: TransportInput): number | null {
  if (socketKeepalive === false) return null;
  const seconds = IDLE.map((name) => socketKeepaliveOptions?.[name]).find((value) => value);
  return typeof seconds === 'number' ? seconds * 1_000 : DEFAULT_TRANSPORT.keepAlive;
}
