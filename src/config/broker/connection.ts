import { z } from 'zod';
import {
  DEFAULT_CONNECTION,
  LOGIN_METHODS,
  type ConnectionSettings,
} from '../../contracts/broker/connection-settings.ts';
import type { TlsSettings } from '../../contracts/broker/connection-settings.ts';
import { expected, type Report } from '../validate.ts';
import { DAY, parseDuration } from '../values/duration.ts';
import { option, type ShapeOutput } from '../values/option.ts';
import { duration } from '../values/scalars.ts';
import { useSsl } from './tls.ts';
import { transportSchema } from './transport.ts';

/** How connections to the broker are made and watched. */
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
    z.enum(['round-robin', 'shuffle'], "'round-robin' or 'shuffle'"),
    'Which broker URL is tried after one that failed: the next, or a random one.',
    { default: DEFAULT_CONNECTION.failoverStrategy, example: 'shuffle' },
  ),
  brokerHeartbeat: option(
    duration(),
    'AMQP: interval of heartbeats, in whole seconds; 0 disables them.',
    { default: `${DEFAULT_CONNECTION.heartbeat / 1_000}s`, example: '30s' },
  ),
  brokerConnectionTimeout: option(duration(), 'AMQP: how long connecting may take, at most 1d.', {
    default: `${DEFAULT_CONNECTION.timeout / 1_000}s`,
    example: '10s',
  }),
  brokerNativeDelayedDeliveryQueueType: option(
    z.enum(['classic', 'quorum'], "'classic' or 'quorum'"),
    'AMQP: type of the queues in which tasks wait for their ETA, where a quorum queue is configured.',
    { default: DEFAULT_CONNECTION.delayedType, example: 'classic' },
  ),
  brokerTransportOptions: option(transportSchema, "Options of kombu's transports.", {
    example: { masterName: 'mymaster' },
  }),
};

/** AMQP counts heartbeats in whole seconds, with 16 bits. */
const MAX_HEARTBEAT = 65_535_000;

export function readConnection(
  settings: Omit<ShapeOutput<typeof connectionShape>, 'brokerUseSsl'>,
  tls: TlsSettings | null,
  reportOf: (key: string) => Report,
): ConnectionSettings {
  const { brokerHeartbeat, brokerConnectionTimeout } = settings;
  const heartbeat = parseDuration(brokerHeartbeat) ?? DEFAULT_CONNECTION.heartbeat;
  if (heartbeat % 1_000 !== 0 || heartbeat > MAX_HEARTBEAT) {
    const allowed = 'whole seconds, 65535 at most, or 0 for none';
    reportOf('brokerHeartbeat')(['brokerHeartbeat'], expected(allowed, brokerHeartbeat));
  }
  const timeout = parseDuration(brokerConnectionTimeout) ?? DEFAULT_CONNECTION.timeout;
  if (timeout === 0 || timeout > DAY) {
    const allowed = 'longer than 0 and at most 1d';
    const report = reportOf('brokerConnectionTimeout');
    report(['brokerConnectionTimeout'], expected(allowed, brokerConnectionTimeout));
  }
  return {
    failoverStrategy: settings.brokerFailoverStrategy ?? DEFAULT_CONNECTION.failoverStrategy,
    heartbeat,
    timeout,
    login: settings.brokerLoginMethod ?? DEFAULT_CONNECTION.login,
    tls,
    delayedType: settings.brokerNativeDelayedDeliveryQueueType ?? DEFAULT_CONNECTION.delayedType,
  };
}
