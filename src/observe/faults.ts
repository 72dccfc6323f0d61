import type { Logger } from 'pino';
import type { Clock } from '../util/clock.ts';
import type { Events } from '../events/events.ts';
import { maskText } from '../util/mask.ts';
import { Outages, type Extent } from './outages.ts';

/** What is done in the name of a term. */
const OF_A_TERM = ['commit', 'renew the lock', 'release the lock'] as const;

/** What is done with the store. When it is away all of it fails, which is one outage and not five. */
const OF_THE_STORE: ReadonlySet<string> = new Set([...OF_A_TERM, 'acquire the lock', 'lead']);

/**
 * Writes a line when something stops working, reminders at growing intervals, and a line when all of it
 * works again; every single failure is in the debug log.
 */
export function logFaults(events: Events, log: Logger, clock: Clock): void {
  const outages = new Outages(clock, (operation) =>
    OF_THE_STORE.has(operation) ? 'the store' : operation,
  );
  const tellEnd = (operation: string, extent: Extent) => {
    log.info({ event: 'recovered', operation, ...extent }, endText(operation, extent));
  };
  events.on('fault', ({ operation, error }) => {
    const extent = outages.failed(operation);
    const fields = { event: 'fault', operation, ...extent, error: text(error) };
    log[extent ? 'warn' : 'debug'](fields, faultText(operation, error, extent));
  });
  events.on('recovered', ({ operation }) => {
    const extent = outages.worked(operation);
    if (extent) tellEnd(operation, extent);
    else log.debug({ event: 'recovered', operation }, `It works again: ${operation}`);
  });
  // What a term could not do is nothing to wait for once it is over: nobody tries it any more. Whether
  // the store is there is told by the try for the lock that came before a new role, and that may well
  // have failed as well.
  const termOver = (proof: string) => () => {
    const extent = outages.worked(...OF_A_TERM);
    if (extent) tellEnd(proof, extent);
  };
  events.on('following', termOver('acquire the lock'));
  events.on('leading', termOver('lead'));
}

function faultText(operation: string, error: unknown, extent: Extent | null): string {
  const sofar = extent && extent.failures > 1 ? ` (${extentText(extent)})` : '';
  return `Could not ${operation}: ${text(error)}${sofar}`;
}

function endText(operation: string, extent: Extent): string {
  return `It works again: ${operation} (${extentText(extent)})`;
}

function extentText({ failures, forMs }: Extent): string {
  const times = failures === 1 ? 'one failure' : `${failures} failures`;
  return `${times} in ${(forMs / 1_000).toFixed(1)} s`;
}

function text(error: unknown): string {
  return maskText(error instanceof Error ? error.message : String(error));
}
