import { z } from 'zod';
import {
  DEFAULT_CONNECTION,
  LOGIN_METHODS,
  type ConnectionSettings,
  type TlsSettings,
  type TransportOptions,
} from '../../contracts/broker/connection-settings.ts';
import type { Report } from '../validate.ts';
import { DAY, limitedDuration, parseDuration, option, type ShapeOutput } from '../values/option.ts';
import { useSsl } from './tls.ts';
import { transportSchema } from './transport.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { Diagnostic } from '../../util/diagnostic.ts';

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
    z.enum(['round-robin', 'shuffle'], "'round-robin' or 'shuffle'"),
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
    z.enum(['classic', 'quorum'], "'classic' or 'quorum'"),
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
  return {
    failoverStrategy: settings.brokerFailoverStrategy ?? DEFAULT_CONNECTION.failoverStrategy,
    heartbeat: parseDuration(settings.brokerHeartbeat) ?? DEFAULT_CONNECTION.heartbeat,
    timeout: parseDuration(settings.brokerConnectionTimeout) ?? DEFAULT_CONNECTION.timeout,
    login: settings.brokerLoginMethod ?? DEFAULT_CONNECTION.login,
    tls,
    delayedType: settings.brokerNativeDelayedDeliveryQueueType ?? DEFAULT_CONNECTION.delayedType,
  };
}

interface ServiceSettings {
  readonly broker: Endpoint;
  readonly state: Endpoint;
  readonly lock: { readonly ttl: number };
  readonly transport: TransportOptions;
}

/** Reports transport options that are valid alone but not with these URLs. */
export function checkTransport(settings: ServiceSettings, report: Report): void {
  const { broker, state, transport } = settings;
  const needsName = [broker, state].some(({ driver }) => driver?.masterName);
  if (needsName && transport.masterName === null) {
    const path = ['brokerTransportOptions', 'masterName'];
    report(path, 'missing; sentinel:// needs the name of the master that the sentinels watch');
  }
  for (const key of TIMEOUTS) {
    const path = ['brokerTransportOptions', key];
    if (transport[key] === 0) report(path, 'expected longer than 0, got 0');
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
