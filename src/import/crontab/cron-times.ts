import { checkZone } from '../../schedule/zone/zone-names.ts';
import { getZone } from '../../schedule/zone/zone.ts';
import type { Upcoming } from '../found.ts';
import type { CronLine } from './cron-line.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { DAY, HOUR, MINUTE } from '../../schedule/instants.ts';

/*
 * A model of cron's own loop, independent of beat's schedules, so that an import does not compare beat with itself.
 * Each minute cron compares every line with the local time. If that time is more than 5 minutes ahead of the last one,
 * cron runs lines with a wildcard for this minute, and the others for all minutes between. If that time is behind, cron
 * runs only lines with a wildcard, until the time is caught up. After a jump of more than 3 hours cron goes on from the
 * new time.
 */

const MINUTES_OF_DAY = 1_440;
const YEAR = 366 * DAY;

/** The largest step of the clock that cron catches up, and the largest that it does not notice. Minutes. */
const CAUGHT_UP = 180;
const UNNOTICED = 5;

/** A clock change has no effect after this time. */
const SETTLED = 6 * HOUR;

/** A line that is not due in this time is never due: 29 February on a certain weekday comes once in 40 years. */
const HORIZON = 41 * YEAR;

export interface CronZones {
  /** The zone of the host, whose local time cron uses. */
  readonly host: string;
  /** `CRON_TZ`, which cronie follows. */
  readonly table?: string | undefined;
}

export function upcomingByCron(line: CronLine, zones: CronZones): Upcoming {
  return (after, count) => {
    const runs = runsByCron(line, zones, after.getTime());
    return Array.from({ length: count }, () => {
      const { value, done } = runs.next();
      return done ? null : new Date(value);
    });
  };
}

/** The instants in `(after, until]`. Without `until`, ends after 41 years without an instant. */
export function* runsByCron(line: CronLine, { host, table }: CronZones, after: number, until?: number) {
  let last = after;
  const isOver = (instant: number) => instant > (until ?? last + HORIZON);
  const from = after - SETTLED;
  const runs = table === undefined ? runsIn(line, host, from) : runsInTable(line, host, table, from);
  for (const batch of runs) {
    for (const instant of batch.instants) {
      if (isOver(instant)) return;
      // cron runs a line twice in one minute for two times that the clocks skipped.
      if (instant > last) yield (last = instant);
    }
    if (isOver(batch.end)) return;
  }
}

/** Yields batches of ascending runs, each with the instant at which the batch ends. */
function* runsIn(line: CronLine, host: string, from: number) {
  // The local minute up to which cron has run all lines.
  let handled: number | undefined;
  for (const { start, end, offset } of spansOf(host, from)) {
    const toInstant = (minute: number) => minute * MINUTE - offset;
    const clock = Math.ceil((start + offset) / MINUTE);
    const last = Math.ceil((end + offset) / MINUTE) - 1;
    const step = clock - (handled ?? clock - 1);
    const isCaughtUp = Math.abs(step) <= CAUGHT_UP;
    const skipped = isCaughtUp && step > 1 ? clock - step + 1 : clock;
    const isBack = isCaughtUp && step <= 0;
    const reached = isBack ? handled! : clock - 1;
    handled = Math.max(reached, last);
    const instants = function* (): Generator<number> {
      if (skipped < clock && (!line.wildcard || step <= UNNOTICED)) {
        if (!matches(line, skipped, clock - 1).next().done) yield toInstant(clock);
      }
      for (const minute of matches(line, clock, last)) {
        if (line.wildcard || minute > reached) yield toInstant(minute);
      }
    };
    yield { instants: instants(), end };
  }
}

/** The runs in the zone of a table; none while the host repeats an hour. */
function* runsInTable(line: CronLine, host: string, table: string, from: number) {
  for (const { start, end, offset } of spansOf(table, from)) {
    const first = Math.ceil((start + offset) / MINUTE);
    const last = Math.ceil((end + offset) / MINUTE) - 1;
    const instants = function* (): Generator<number> {
      for (const minute of matches(line, first, last)) {
        const instant = minute * MINUTE - offset;
        const own = getZone(checkZone(host)).spanAt(instant);
        if (line.wildcard || instant + own.offset >= own.reached) yield instant;
      }
    };
    yield { instants: instants(), end };
  }
}

/** Spans of constant offset, of a year at most. */
function* spansOf(zone: string, from: number) {
  for (let start = from; ;) {
    const { end, offset } = getZone(checkZone(zone)).spanAt(start);
    const next = Math.min(end, start + YEAR);
    yield { start, end: next, offset };
    start = next;
  }
}

/** The local minutes in `[first, last]` that match, ascending. */
function* matches(line: CronLine, first: number, last: number): Generator<number> {
  for (let day = Math.floor(first / MINUTES_OF_DAY); day * MINUTES_OF_DAY <= last; day += 1) {
    if (!matchesDay(line, new Date(day * DAY))) continue;
    for (const hour of line.hours) {
      for (const part of line.minutes) {
        const minute = day * MINUTES_OF_DAY + hour * 60 + part;
        if (minute >= first && minute <= last) yield minute;
      }
    }
  }
}

function matchesDay({ days, months, weekdays, bothDays }: CronLine, date: Date): boolean {
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
  return bothDays ? day && weekday : day || weekday;
}

/** The period in which clock changes are compared, and the time before and after each change. */
const COMPARED = 2 * YEAR;
const AROUND = 4 * HOUR;

/** The first instant that only cron or only beat has around a change of clocks. */
export function findClockDifference(
  line: CronLine,
  zones: CronZones,
  schedule: Schedule,
  from: number,
): { readonly instant: number; readonly by: 'cron' | 'beat' } | null {
  const names = new Set([zones.host, zones.table ?? zones.host]);
  for (const change of [...names].flatMap((zone) => listChanges(zone, from)).sort((a, b) => a - b)) {
    const [after, until] = [change - AROUND, change + AROUND];
    const byCron = new Set(runsByCron(line, zones, after, until));
    const byBeat = new Set<number>();
    let next = schedule.next(new Date(after));
    while (next !== null && next.getTime() <= until) {
      byBeat.add(next.getTime());
      next = schedule.next(next);
    }
    const [instant] = [...byCron.symmetricDifference(byBeat)].sort((a, b) => a - b);
    if (instant !== undefined) return { instant, by: byCron.has(instant) ? 'cron' : 'beat' };
  }
  return null;
}

function listChanges(zone: string, from: number): readonly number[] {
  const changes: number[] = [];
  let offset: number | undefined;
  for (const span of spansOf(zone, from)) {
    if (span.start > from + COMPARED) return changes;
    if (offset !== undefined && span.offset !== offset) changes.push(span.start);
    offset = span.offset;
  }
  return changes;
}
