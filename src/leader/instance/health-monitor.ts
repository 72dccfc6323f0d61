import type { Clock } from '../../util/clock.ts';
import type { Events } from '../../contracts/events/events.ts';
import type { Store, StoreHealth } from '../../contracts/store/store.ts';

/** Milliseconds between two checks. */
const INTERVAL = 60_000;

/** Clock skew that deserves a warning, and a change of the skew that deserves another. Milliseconds. */
const MAX_SKEW = 1_000;

/**
 * Returns a function that checks the health of the store until a signal aborts, and reports what changed. It never
 * rejects. A check that fails reports nothing: the operation that needs the store reports its own failure.
 */
export function monitorHealth(checkHealth: Store['checkHealth'], clock: Clock, events: Events) {
  /** The skew of the current warning; `null` while there is none. */
  let warnedSkew: number | null = null;
  const report = ({ store, skew, eviction, locks }: StoreHealth, signal: AbortSignal) => {
    if (signal.aborted) return;
    const { ms, within } = skew;
    // A slow answer alone may look like skew.
    if (Math.abs(ms) - within < MAX_SKEW) warnedSkew = null;
    else if (warnedSkew === null || Math.abs(ms - warnedSkew) >= MAX_SKEW) warnedSkew = ms;
    events.emit('skew', { store, ms: Math.round(ms), within: Math.ceil(within) });
    events.warn('clock', warnedSkew === null ? null : describeSkew(store, warnedSkew));
    events.warn('eviction', eviction);
    events.warn('locks', locks);
  };
  return async (signal: AbortSignal): Promise<void> => {
    while (checkHealth && !signal.aborted) {
      const health = await checkHealth().catch(() => null);
      if (health) report(health, signal);
      await clock.sleep(INTERVAL, signal);
    }
  };
}

function describeSkew(store: string, ms: number): string {
  const seconds = `${(Math.abs(ms) / 1_000).toFixed(1)} s`;
  const [side, effect] = ms > 0 ? ['ahead of', 'early'] : ['behind', 'late'];
  return (
    `Clock skew: this host is ${seconds} ${side} ${store}; ` +
    `runs are sent ${seconds} too ${effect} if the clock of ${store} is right`
  );
}
