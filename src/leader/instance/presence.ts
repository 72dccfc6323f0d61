import { hostname } from 'node:os';
import type { EventSource } from '../../contracts/events/events.ts';
import type { Announcement, Instances } from '../../contracts/store/instances.ts';
import type { Clock } from '../../util/clock.ts';
import { VERSION } from '../../util/version.ts';

/** Milliseconds between two announcements: a third of their expiry. */
const INTERVAL = 5_000;

/**
 * Announces an instance to the store, which lists all instances, until the signal aborts, and then withdraws the
 * announcement. `id` is unique; `origin` is the origin of the instance's messages, such as `gen<pid>@<host>`. A failure
 * has no effect on the instance. Never rejects.
 */
export async function announcePresence(
  { id, origin }: { readonly id: string; readonly origin: string },
  instances: Instances,
  events: EventSource,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const pid = /^gen(\d+)@/.exec(origin)?.[1];
  let announcement: Announcement = {
    id,
    host: hostname(),
    version: VERSION,
    pid: pid === undefined ? null : Number(pid),
    role: 'follower',
    term: null,
    startedAt: clock.now(),
    skewMs: null,
  };
  /** Aborts the pause between two announcements. */
  let changed = new AbortController();
  const change = (fields: Partial<Announcement>) => {
    announcement = { ...announcement, ...fields };
    changed.abort();
  };
  events.on('leading', ({ term }) => change({ role: 'leader', term }));
  events.on('following', () => change({ role: 'follower', term: null, skewMs: null }));
  events.on('skew', ({ ms }) => change({ skewMs: ms }));
  while (!signal.aborted) {
    changed = new AbortController();
    await instances.announce(announcement).catch(() => {});
    await clock.sleep(INTERVAL, AbortSignal.any([signal, changed.signal]));
  }
  await instances.withdraw(id).catch(() => {});
}
