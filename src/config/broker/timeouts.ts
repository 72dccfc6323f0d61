import type { TransportOptions } from '../../contracts/broker/connection-settings.ts';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { Diagnostic } from '../../util/diagnostic.ts';
import type { Report } from '../validate.ts';

interface ServiceSettings {
  readonly broker: Endpoint;
  readonly state: Endpoint;
  readonly lock: { readonly ttl: number };
  readonly transport: TransportOptions;
}

/** Reports transport options that are valid alone and not with these URLs. */
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

/**
 * Timeouts that are too long for the lock, with what beat uses instead, for the debug log. They are no warnings:
 * the setting is the workers', and there is nothing to change.
 */
export function shortenedTimeouts({
  state,
  lock,
  transport,
}: ServiceSettings): Omit<Diagnostic, 'severity'>[] {
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
