import { isBroadcast } from '../../celery/kombu/bindings.ts';
import type { Clock } from '../../util/clock.ts';
import type { Queues } from '../../celery/routing/queues.ts';

/** Milliseconds for which a snapshot is used. */
const MAX_AGE = 60_000;

/** At this size the snapshots are dropped: routes may compute any number of names. */
const MAX_SNAPSHOTS = 5_000;

interface BindingSnapshot {
  readonly expiresAt: number;
  /** What workers have bound; `null` for an ordinary queue. */
  readonly members: readonly string[] | null;
}

/**
 * Queues outside the configuration that workers declare as kombu's `Broadcast`. No worker reads a list of such
 * a name, so its messages belong to the exchange of the same name. A commit waits for the lookup, so each queue
 * is looked up at most once a minute.
 */
export function createBroadcasts(configured: Queues, clock: Clock, sep: string) {
  const snapshots = new Map<string, BindingSnapshot>();

  const isConfigured = (name: string) => {
    const queue = configured.find(name);
    return queue !== null && configured.isConfigured(queue);
  };

  return {
    needLookup(queues: Iterable<string>): string[] {
      const now = clock.monotonic();
      return [...queues].filter((name) => !isConfigured(name) && (snapshots.get(name)?.expiresAt ?? 0) <= now);
    },

    update(queue: string, members: readonly string[]): void {
      const broadcast = members.some((member) => isBroadcast(member, sep));
      if (snapshots.size >= MAX_SNAPSHOTS && !snapshots.has(queue)) snapshots.clear();
      snapshots.set(queue, { expiresAt: clock.monotonic() + MAX_AGE, members: broadcast ? members : null });
    },

    /** What workers have bound to a broadcast; `null` for an ordinary queue. */
    findMembers(queue: string): readonly string[] | null {
      return isConfigured(queue) ? null : (snapshots.get(queue)?.members ?? null);
    },
  };
}
