import type { Logger } from 'pino';
import type { EventSource } from '../contracts/events/events.ts';
import type { Operation } from '../contracts/events/beat-events.ts';
import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import { maskText } from '../util/mask.ts';
import { describeOperation } from './operation-text.ts';
import { Outages, type Extent } from './outages.ts';

/** Operations that a term retries: its end also ends their outage. */
const TERM_OPERATIONS = [
  { kind: 'commit' },
  { kind: 'lock', action: 'renew' },
  { kind: 'lock', action: 'release' },
] as const satisfies readonly Operation[];

/**
 * Logs the begin of an outage, reminders at growing intervals, and the recovery; every other failure is a
 * debug line.
 */
export function logFailures(events: EventSource, log: Logger, clock: Clock): void {
  const outages = new Outages(clock);
  const logRecovery = (operation: Operation, extent: Extent) => {
    log.info({ event: 'recovered', operation, ...extent }, recoveryText(operation, extent));
  };
  events.on('failure', ({ operation, error }) => {
    const extent = outages.fail(operation);
    const fields = { event: 'failure', operation, ...extent, error: errorText(error) };
    log[extent ? 'warn' : 'debug'](fields, failureText(operation, error, extent));
  });
  events.on('recovered', ({ operation }) => {
    const extent = outages.recover(operation);
    if (extent) logRecovery(operation, extent);
    else log.debug({ event: 'recovered', operation }, recoveryText(operation, null));
  });
  // The attempt for the lock that comes before each role shows whether the store is reachable.
  const endTerm = (next: Operation) => () => {
    const extent = outages.recover(...TERM_OPERATIONS);
    if (extent) logRecovery(next, extent);
  };
  events.on('following', endTerm({ kind: 'lock', action: 'acquire' }));
  events.on('leading', endTerm({ kind: 'lead' }));
}

function failureText(operation: Operation, error: unknown, extent: Extent | null): string {
  const { failed, effect } = describeOperation(operation);
  const unreachable = error instanceof StoreError ? error.unreachable : null;
  const what = unreachable
    ? maskText(`${unreachable.server} unreachable (${unreachable.reason})`)
    : `${failed}: ${errorText(error)}`;
  const next = effect === null ? '' : `; ${effect}`;
  const repeated = extent && extent.failures > 1 ? ` (${extentText(extent)})` : '';
  return `${what}${next}${repeated}`;
}

function recoveryText(operation: Operation, extent: Extent | null): string {
  const { name } = describeOperation(operation);
  return `Recovered: ${name}${extent ? ` (${extentText(extent)})` : ''}`;
}

function extentText({ failures, forMs }: Extent): string {
  const times = failures === 1 ? '1 failure' : `${failures} failures`;
  return `${times} in ${(forMs / 1_000).toFixed(1)} s`;
}

function errorText(error: unknown): string {
  return maskText(error instanceof Error ? error.message : String(error));
}
