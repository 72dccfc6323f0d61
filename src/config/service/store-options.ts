import { startsChord } from '../../canvas/canvas.ts';
import type { StoreOptions } from '../../drivers/open-store.ts';
import { Queues } from '../../routing/queues.ts';
import type { ResultSettings } from '../../store/results.ts';
import type { Clock } from '../../util/clock.ts';
import type { Settings } from '../settings.ts';

/** The options of the store in the settings. */
export function storeOptions(settings: Settings, clock: Clock): StoreOptions {
  const { broker, state, locks, keyPrefix, connection, transport } = settings;
  return {
    ...{ brokerUrl: broker.url, stateUrl: state.url, lockUrls: locks.map(({ url }) => url) },
    ...{ keyPrefix, connection, transport, clock },
    lockTtl: settings.lock.ttl,
    tls: connection.tls,
    queues: new Queues(settings.queues),
    declareQueues: settings.declareQueues,
  };
}

/** The settings of the result backend; without a URL if no entry starts a chord. */
export function resultOptions({ entries, results }: Settings): ResultSettings {
  const needed = entries.some(({ canvas }) => canvas && startsChord(canvas));
  return needed ? results : { ...results, url: null };
}
