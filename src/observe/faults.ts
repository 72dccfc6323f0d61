import type { Logger } from 'pino';
import type { Clock } from '../util/clock.ts';
import type { EventSource } from '../events/events.ts';
import type { Operation } from '../events/operation.ts';
import { maskText } from '../util/mask.ts';
import { Outages, type Extent } from './outages.ts';

/** What is done in the name of a term. */
const OF_A_TERM = [
  { kind: 'commit' },
  { kind: 'lock', action: 'renew' },
  { kind: 'lock', action: 'release' },
] as const satisfies readonly Operation[];

/**
 * Writes a line when something stops working, reminders at growing intervals, and a line when all of it
 * works again; every single failure is in the debug log.
 */
export function logFaults(events: EventSource, log: Logger, clock: Clock): void {
  const outages = new Outages(clock);
  const tellEnd = (operation: Operation, extent: Extent) => {
    log.info({ event: 'recovered', operation, ...extent }, endText(operation, extent));
  };
  events.on('failure', ({ operation, error }) => {
    const extent = outages.failed(operation);
    const fields = { event: 'failure', operation, ...extent, error: text(error) };
    log[extent ? 'warn' : 'debug'](fields, faultText(operation, error, extent));
  });
  events.on('recovered', ({ operation }) => {
    const extent = outages.worked(operation);
    if (extent) tellEnd(operation, extent);
    else
      log.debug({ event: 'recovered', operation }, `It works again: ${operationText(operation)}`);
  });
  // What a term could not do is nothing to wait for once it is over: nobody tries it any more. Whether
  // the store is there is told by the try for the lock that came before a new role, and that may well
  // have failed as well.
  const termOver = (proof: Operation) => () => {
    const extent = outages.worked(...OF_A_TERM);
    if (extent) tellEnd(proof, extent);
  };
  events.on('following', termOver({ kind: 'lock', action: 'acquire' }));
  events.on('leading', termOver({ kind: 'lead' }));
}

function faultText(operation: Operation, error: unknown, extent: Extent | null): string {
  const sofar = extent && extent.failures > 1 ? ` (${extentText(extent)})` : '';
  return `Could not ${operationText(operation)}: ${text(error)}${sofar}`;
}

function operationText(operation: Operation): string {
  switch (operation.kind) {
    case 'lock':
      return `${operation.action} the lock`;
    case 'publish':
      return `send to the ${operation.target}`;
    case 'commands':
      return 'apply commands';
    case 'listener':
      return `a listener of "${operation.event}"`;
    case 'commit-entry':
    case 'prepare':
      return `send ${operation.entry}`;
    case 'read-state':
    case 'schedule':
      return `schedule ${operation.entry}`;
    case 'register-chords':
      return 'announce chords';
    case 'task-events':
      return 'tell of sent tasks';
    case 'commit':
    case 'lead':
      return operation.kind;
  }
}

function endText(operation: Operation, extent: Extent): string {
  return `It works again: ${operationText(operation)} (${extentText(extent)})`;
}

function extentText({ failures, forMs }: Extent): string {
  const times = failures === 1 ? 'one failure' : `${failures} failures`;
  return `${times} in ${(forMs / 1_000).toFixed(1)} s`;
}

function text(error: unknown): string {
  return maskText(error instanceof Error ? error.message : String(error));
}
