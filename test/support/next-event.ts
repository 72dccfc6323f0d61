import type { BeatEvents } from '../../src/contracts/events/beat-events.ts';
import type { EventSource } from '../../src/contracts/events/events.ts';

/** Resolves with the payload of the next event of this name. */
export function nextEvent<K extends keyof BeatEvents>(source: EventSource, name: K): Promise<BeatEvents[K]> {
  return new Promise((resolve) => source.once(name, (...payload) => resolve(payload)));
}
