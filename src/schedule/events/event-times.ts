import { DAY } from '../instants.ts';
import { localSet, type FindLocal, type Stretch, type TimeSet } from '../limits/time-set.ts';
import type { Zone } from '../zone/zone.ts';
import { endInstant, startInstant } from './event-instants.ts';
import { EventStarts } from './event-starts.ts';
import type { CalendarEvent } from './event.ts';

/** Clock changes move a local time by no more than this against the others. */
const SLACK = DAY;

/** The instants within one event, all its recurrences included. */
export function eventTimes(event: CalendarEvent): Pick<TimeSet, 'stretchAt'> {
  const { zone } = event;
  if (zone === null) return localSet('', '', cached(findLocal(event)));
  const find = cached(findInZone(event, zone));
  return { stretchAt: (instant) => find(instant) };
}

/** Local times are compared with local times: such an event lasts as long as the clocks say. */
function findLocal(event: CalendarEvent): FindLocal {
  const starts = new EventStarts(event);
  const { days, elapsed } = event.length;
  const length = days * DAY + elapsed;
  return (local) => {
    const start = starts.firstFrom(local - length + 1) ?? Infinity;
    return start <= local ? { inside: true, end: start + length } : { inside: false, end: start };
  };
}

function findInZone(event: CalendarEvent, zone: Zone): (instant: number) => Stretch {
  const starts = new EventStarts(event);
  const { days, elapsed } = event.length;
  return (instant) => {
    const span = zone.spanAt(instant);
    const length = days * DAY + elapsed;
    const slack = instant - length - SLACK > span.start ? 0 : SLACK;
    const now = instant + span.offset;
    let next = span.end;
    let local = starts.firstFrom(now - length - slack + 1);
    for (; local !== null; local = starts.firstFrom(local + 1)) {
      const start = startInstant(local, zone);
      if (start > instant) {
        next = Math.min(next, start);
        // Earlier local times that the clocks skipped may begin after later ones.
        if (local > now) break;
      } else if (instant < endInstant(local, event.length, zone)) {
        return { inside: true, end: endInstant(local, event.length, zone) };
      }
    }
    return { inside: false, end: next };
  };
}

/** Remembers the last stretch: most questions are about the one before or the next. */
function cached(find: (at: number) => Stretch): (at: number) => Stretch {
  let from = Infinity;
  let last: Stretch = { inside: false, end: -Infinity };
  return (at) => {
    if (at >= from && at < last.end) return last;
    last = find(at);
    from = at;
    return last;
  };
}
