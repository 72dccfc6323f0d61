import type { Logger } from 'pino';
import { type Operation, operationKey } from '../contracts/events/beat-events.ts';
import type { EventSource } from '../contracts/events/events.ts';
import type { Clock } from '../util/clock.ts';
import { StoreError } from '../util/errors.ts';
import { maskText } from '../util/mask.ts';
import { describeOperation } from './operation-text.ts';

/** Operations that a term retries: its end also ends their outage. */
const TERM_OPERATIONS = [
  { kind: 'commit' },
  { kind: 'lock', action: 'renew' },
  { kind: 'lock', action: 'release' },
] as const satisfies readonly Operation[];

/**
 * Logs the start of an outage, reminders at growing intervals, and the recovery; every other failure is a debug line.
 */
export function logFailures(events: EventSource, log: Logger, clock: Clock): void {
  const outages = trackOutages(clock);
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
  // Before each role, an attempt to acquire the lock shows whether the store is reachable.
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

/** Milliseconds between the first two log lines of an outage; doubled after each line, up to the longest. */
const FIRST_INTERVAL = 5_000;
const MAX_INTERVAL = 600_000;

/** How long an outage has lasted, in milliseconds, and how many failures it had. */
interface Extent {
  readonly failures: number;
  readonly forMs: number;
}

interface Outage {
  readonly since: number;
  /** Keys of the operations that failed and have not recovered. */
  readonly failing: Set<string>;
  failures: number;
  remindAt: number;
  interval: number;
}

/**
 * Groups failures into outages, so that a long one does not fill the disk with log lines. All operations of
 * one group belong to one outage, which ends when each of them has recovered.
 */
function trackOutages(clock: Clock) {
  const outages = new Map<string, Outage>();
  const measure = ({ since, failures }: Outage): Extent => ({ failures, forMs: Math.round(clock.monotonic() - since) });
  return {
    /** Returns the extent of the outage if this failure is to be logged, `null` until the next reminder. */
    fail(operation: Operation): Extent | null {
      const now = clock.monotonic();
      const group = selectGroup(operation);
      const begun = { since: now, failing: new Set<string>(), failures: 0, remindAt: now, interval: FIRST_INTERVAL };
      const outage = outages.get(group) ?? begun;
      outages.set(group, outage);
      outage.failing.add(operationKey(operation));
      outage.failures += 1;
      if (now < outage.remindAt) return null;
      outage.remindAt = now + outage.interval;
      outage.interval = Math.min(2 * outage.interval, MAX_INTERVAL);
      return measure(outage);
    },
    /**
     * Marks operations of one group as recovered. Returns the extent of the outage if it ended, `null` if there
     * was none or another of its operations still fails.
     */
    recover(...operations: readonly [Operation, ...Operation[]]): Extent | null {
      const group = selectGroup(operations[0]);
      const outage = outages.get(group);
      for (const operation of operations) outage?.failing.delete(operationKey(operation));
      if (!outage || outage.failing.size > 0) return null;
      outages.delete(group);
      return measure(outage);
    },
  };
}

/** While the store is unreachable every operation on it fails: that is one outage. */
function selectGroup(operation: Operation): string {
  const { kind } = operation;
  return kind === 'lock' || kind === 'lead' || kind === 'commit' ? 'store' : operationKey(operation);
}
