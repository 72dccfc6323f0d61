import type { TimeSet } from './time-set.ts';

/** The instants that are in any of the sets. */
export function union(sets: readonly TimeSet[], description: string): TimeSet {
  return {
    spec: sets.map(({ spec }) => spec).join(' '),
    description,
    stretchAt: (instant, zone) => {
      const stretches = sets.map((set) => set.stretchAt(instant, zone));
      const containing = stretches.filter(({ inside }) => inside);
      if (containing.length > 0) {
        return { inside: true, end: Math.max(...containing.map(({ end }) => end)) };
      }
      return { inside: false, end: Math.min(...stretches.map(({ end }) => end), Infinity) };
    },
  };
}
