import {
  isGone,
  readInstances,
  type Announcement,
  type Instances,
  type ListedInstance,
} from '../../contracts/store/instances.ts';
import type { Clock } from '../../util/clock.ts';

/** Announcements by id. */
export type InstanceState = Map<string, { readonly json: string; readonly seenAt: number }>;

export class MemoryInstances implements Instances {
  readonly #state: InstanceState;
  readonly #clock: Clock;

  constructor(state: InstanceState, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  async announce(announcement: Announcement): Promise<void> {
    const now = this.#clock.now();
    for (const [id, { seenAt }] of this.#state) {
      if (isGone(now - seenAt)) this.#state.delete(id);
    }
    this.#state.set(announcement.id, { json: JSON.stringify(announcement), seenAt: now });
  }

  async withdraw(id: string): Promise<void> {
    this.#state.delete(id);
  }

  async list(): Promise<readonly ListedInstance[]> {
    const now = this.#clock.now();
    const rows = [...this.#state];
    return readInstances(rows.map(([id, { json, seenAt }]) => ({ id, json, seenAgoMs: now - seenAt })));
  }
}
