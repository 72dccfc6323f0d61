import { startsChord } from '../../celery/canvas/canvas.ts';
import type { ResultOptions, StoreOptions } from '../../drivers/open-store.ts';
import { Queues } from '../../celery/routing/queues.ts';
import type { Clock } from '../../util/clock.ts';
import type { Settings } from '../settings.ts';

export function storeOptions(settings: Settings, clock: Clock): StoreOptions {
  const { broker, state, locks, keyPrefix, connection, transport, history } = settings;
  const shared = { broker, state, locks, keyPrefix, connection, transport, history };
  return {
    ...shared,
    clock,
    lockTtl: settings.lock.ttl,
    tls: connection.tls,
    queues: new Queues(settings.queues),
    declareQueues: settings.declareQueues,
  };
}

/** The options of the result backend, with a backend only if an entry starts a chord. */
export function resultOptions({ entries, results }: Settings): ResultOptions {
  return entries.some(({ canvas }) => canvas && startsChord(canvas)) ? results : { ...results, backend: null };
}
