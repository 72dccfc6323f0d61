import { Zone } from '../zone/zone.ts';
import { EventStarts, type Beginnings } from './event-starts.ts';

/** Standard or summer time of a zone that a calendar file defines itself: an offset, and when it begins. */
export interface Observance extends Beginnings {
  /** The offset before it, in which its local times are. Milliseconds. */
  readonly offsetBefore: number;
  /** Local time minus UTC during it. Milliseconds. */
  readonly offset: number;
}

/** Clock changes are listed between these local times; the last one before them, at `DTSTART`, holds until then. */
const FIRST = Date.UTC(1968, 0);
const LAST = Date.UTC(2100, 0);

/** Creates a zone from its observances (`VTIMEZONE`). The name must be different for different zones. */
export function observedZone(name: string, observances: readonly Observance[]): Zone {
  const changes = observances.flatMap(listChanges).toSorted((a, b) => b.instant - a.instant);
  const before = changes.at(-1)?.offsetBefore ?? 0;
  return new Zone(name, (instant) => {
    return changes.find((change) => change.instant <= instant)?.offset ?? before;
  });
}

interface Change {
  readonly instant: number;
  readonly offset: number;
  readonly offsetBefore: number;
}

function listChanges({ offset, offsetBefore, ...observance }: Observance): readonly Change[] {
  const starts = new EventStarts(observance);
  const changes: Change[] = [];
  let local = starts.firstFrom(Math.max(FIRST, observance.start));
  if (observance.start < FIRST) changes.push(at(observance.start));
  for (; local !== null && local < LAST; local = starts.firstFrom(local + 1)) {
    changes.push(at(local));
  }
  return changes;

  function at(start: number): Change {
    return { instant: start - offsetBefore, offset, offsetBefore };
  }
}
