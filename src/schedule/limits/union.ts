import type { TimeSet } from './time-set.ts';

/** The instants that are in any of the sets. */
export function union(sets: readonly TimeSet[], description: string): TimeSet {
  return {
    spec: sets.map(({ spec }) => spec).join(' '),
    description,
    stretchAt: unionStretches(sets),
    describeAt: (instant, zone) => {
      const within = sets.filter((set) => set.stretchAt(instant, zone).inside);
      const names =
        within.length > 0
          ? within.map((set) => set.describeAt?.(instant, zone) ?? set.description)
          : sets.flatMap((set) => set.describeAt?.(instant, zone) ?? []);
      return names.length === 0 ? null : names.join(', ');
    },
  };
}

/** The same without names. */
export function unionStretches(sets: readonly Pick<TimeSet, 'stretchAt'>[]): TimeSet['stretchAt'] {
  return (instant, zone) => {
    const stretches = sets.map((set) => set.stretchAt(instant, zone));
    const containing = stretches.filter(({ inside }) => inside);
    if (containing.length > 0) {
      return { inside: true, end: Math.max(...containing.map(({ end }) => end)) };
    }
    return { inside: false, end: Math.min(...stretches.map(({ end }) => end), Infinity) };
  };
}
