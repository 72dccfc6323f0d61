import type { Diagnostic } from '../../util/diagnostic.ts';
import type { TlsSettings } from '../../broker/tls.ts';
import { DAY, DURATION_FORMS, parseDuration } from '../values/duration.ts';
import { expected, type Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';
import {
  DEFAULT_CONNECTION,
  type ConnectionSettings,
  type TransportOptions,
} from '../../broker/connection-settings.ts';
import { findDriver } from '../../drivers/table.ts';

const DEFAULT_TTL = 8_000;
const SHORTEST_TTL = 1_000;

/** `ttl` from 1 s, below which a busy host loses the lock for nothing, to a day. */
export function readLock(lock: TopSettings['lock'], report: Report): { ttl: number } {
  if (lock?.ttl === undefined) return { ttl: DEFAULT_TTL };
  const ttl = parseDuration(lock.ttl) ?? DEFAULT_TTL;
  if (ttl < SHORTEST_TTL || ttl > DAY) {
    report(['lock', 'ttl'], expected(`from 1s to 1d (${DURATION_FORMS})`, lock.ttl));
  }
  return { ttl };
}

/** AMQP counts heartbeats in whole seconds, with 16 bits. */
const LONGEST_HEARTBEAT = 65_535_000;

export function readConnection(
  settings: TopSettings,
  tls: TlsSettings | null,
  reportOf: (key: string) => Report,
): ConnectionSettings {
  const { brokerHeartbeat, brokerConnectionTimeout } = settings;
  const heartbeat = parseDuration(brokerHeartbeat) ?? DEFAULT_CONNECTION.heartbeat;
  if (heartbeat % 1_000 !== 0 || heartbeat > LONGEST_HEARTBEAT) {
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

interface Together {
  readonly brokerUrl: string;
  readonly stateUrl: string;
  readonly lock: { readonly ttl: number };
  readonly transport: TransportOptions;
}

/** Reports settings that are sound each, and cannot be kept together. */
export function checkTogether(settings: Together, report: Report): void {
  const { brokerUrl, stateUrl, transport } = settings;
  const needsName = [brokerUrl, stateUrl].some((url) => findDriver(url)?.masterName);
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

/**
 * Of timeouts that are the workers' and too long for a lock: what beat uses instead, for its debug log. Nothing is
 * to be done about them, so they are no warnings.
 */
export function shortenedTimeouts({
  stateUrl,
  lock,
  transport,
}: Together): Omit<Diagnostic, 'severity'>[] {
  if (!findDriver(stateUrl)?.remote) return [];
  return TIMEOUTS.flatMap((key) => {
    const timeout = transport[key];
    if (timeout === null || timeout <= lock.ttl / 2) return [];
    const message =
      `${timeout / 1_000} s for workers; connections of lock and ledger time out after ` +
      `${lock.ttl / 2_000} s (half of lock.ttl), so that a renewal can be tried again before the lock expires`;
    return [{ path: ['brokerTransportOptions', key], message }];
  });
}
