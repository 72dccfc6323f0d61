import { hostname } from 'node:os';
import type { EventSource } from '../../contracts/events/events.ts';
import type { Announcement, Instances } from '../../contracts/store/instances.ts';
import type { Clock } from '../../util/clock.ts';
import { VERSION } from '../../util/version.ts';

/** Milliseconds between two announcements: a third of their expiry. */
const INTERVAL = 5_000;

/** Announces an instance to the store, which lists all instances. A failure has no effect on the instance. */
export class Presence {
  readonly #instances: Instances;
  readonly #clock: Clock;
  #announcement: Announcement;
  /** Aborts the pause between two announcements. */
  #changed = new AbortController();

  /** `id` is unique; `origin` is the origin of the instance's messages, such as `gen<pid>@<host>`. */
  constructor(instances: Instances, events: EventSource, clock: Clock, { id, origin }: { id: string; origin: string }) {
    const pid = /^gen(\d+)@/.exec(origin)?.[1];
    this.#instances = instances;
    this.#clock = clock;
    this.#announcement = {
      id,
      host: hostname(),
      version: VERSION,
      pid: pid === undefined ? null : Number(pid),
      role: 'follower',
      term: null,
      startedAt: clock.now(),
      skewMs: null,
    };
    events.on('leading', ({ term }) => this.#change({ role: 'leader', term }));
    events.on('following', () => this.#change({ role: 'follower', term: null, skewMs: null }));
    events.on('skew', ({ ms }) => this.#change({ skewMs: ms }));
  }

  /** Runs until the signal aborts, and then withdraws the announcement. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#changed = new AbortController();
      await this.#instances.announce(this.#announcement).catch(() => {});
      await this.#clock.sleep(INTERVAL, AbortSignal.any([signal, this.#changed.signal]));
    }
    await this.#instances.withdraw(this.#announcement.id).catch(() => {});
  }

  #change(fields: Partial<Announcement>): void {
    this.#announcement = { ...this.#announcement, ...fields };
    this.#changed.abort();
  }
}
