import { isGone, readInstances, type Instances } from '../../contracts/store/instances.ts';
import type { Clock } from '../../util/clock.ts';

/** Announcements by id. */
export type InstanceState = Map<string, { readonly json: string; readonly seenAt: number }>;

export function memoryInstances(state: InstanceState, clock: Clock): Instances {
  return {
    async announce(announcement) {
      const now = clock.now();
      for (const [id, { seenAt }] of state) if (isGone(now - seenAt)) state.delete(id);
      state.set(announcement.id, { json: JSON.stringify(announcement), seenAt: now });
    },
    withdraw: async (id) => void state.delete(id),
    async list() {
      const now = clock.now();
      return readInstances([...state].map(([id, { json, seenAt }]) => ({ id, json, seenAgoMs: now - seenAt })));
    },
  };
}
