import { z } from 'zod';
import { TIME_RANGE, timesOfDay } from '../../schedule/limits/time-sets.ts';
import { readTexts, selectionShape, type ResolveCalendars } from '../calendars/calendars.ts';
import type { Report } from '../validate.ts';
import { parseDuration, whole, option, type ShapeOutput } from '../values/option.ts';
import { parseInstant } from '../../celery/message/parse-instant.ts';
import { describeLength } from '../../schedule/text.ts';
import { bounded, grid, selected } from '../../schedule/limits/limits.ts';
import { roundUnit } from '../../schedule/timedelta.ts';
import type { Schedule } from '../../schedule/schedule.ts';

const ranges = z.union([z.string(), z.array(z.string())], TIME_RANGE);

export const limitsShape = {
  jitter: option.duration(
    'Delays each run by less than this, by a hash of the name of the entry and of the instant: the same on every instance. See [time](time.md#jitter).',
    { otherwise: 'none', example: '30s' },
  ),
  offset: option.duration(
    'Intervals only: runs are due on a fixed grid that begins with this offset. See [time](time.md#intervals-on-a-fixed-grid).',
    { otherwise: 'intervals count from the first start', example: '5m' },
  ),
  between: option(
    ranges,
    'Times of day, in the zone of the schedule, from the first up to but not including the second; they may cross midnight.',
    { otherwise: 'the whole day', example: '09:00-17:00' },
  ),
  from: option.instant('The first instant at which a run may be due.', {
    otherwise: 'none',
    example: '2030-01-31T08:00:00',
  }),
  until: option.instant('The last instant at which a run may be due.', {
    otherwise: 'none',
    example: '2030-12-31T08:00:00',
  }),
  count: option(
    whole(1, 1_000),
    'The number of occurrences, counted from `from`, which is required. Missed and skipped ones count too.',
    { otherwise: 'no limit', unit: 'occurrences', example: 12 },
  ),
  ...selectionShape,
};

const KEYS = Object.keys(limitsShape) as (keyof typeof limitsShape)[];

/** The limits of an entry after validation; `jitter` and `offset` in milliseconds. */
export type Limits = NonNullable<ReturnType<typeof readLimits>>;

/** Reads the limits of an entry, or `undefined`. Reports invalid ones and leaves them out, to check the rest. */
export function readLimits(entry: Readonly<Record<string, unknown>>, resolve: ResolveCalendars, report: Report) {
  if (KEYS.every((key) => entry[key] === undefined)) return undefined;
  const fields = KEYS.map((key) => [key, limitsShape[key].safeParse(entry[key]).data]);
  const { jitter, ...others } = Object.fromEntries(fields) as ShapeOutput<typeof limitsShape>;
  const hasJitter = jitter !== undefined && parseDuration(jitter) !== 0;
  if (!hasJitter && Object.values(others).every((value) => value === undefined)) return undefined;
  const { offset, between, from, until, count, only = [], exclude = [] } = others;
  if (count !== undefined && entry['from'] === undefined) {
    report(['count'], 'is counted from an instant, and there is none; add from: …');
  }
  return {
    jitter: parseDuration(jitter),
    offset: parseDuration(offset),
    // Instants as they are written, which may be local times.
    from,
    until,
    count: from === undefined ? undefined : count,
    between: between === undefined ? undefined : readTexts(between, timesOfDay, ['between'], report),
    only: resolve(only, ['only'], report),
    exclude: resolve(exclude, ['exclude'], report),
  };
}

/** The most occurrences of a solar schedule: each takes milliseconds, and the first use computes all. */
const MAX_COUNT_OF_SUN = 400;

/** Applies the limits, except jitter. Times of day and local instants are in `zone`. */
export function applyLimits(schedule: Schedule, limits: Limits, zone: string, report: Report): Schedule | undefined {
  const { count, between, only, exclude } = limits;
  const from = parseInstant(limits.from, zone) ?? undefined;
  const until = parseInstant(limits.until, zone) ?? undefined;
  const isReversed = from !== undefined && until !== undefined && until < from;
  if (isReversed) report(['until'], 'is earlier than from');
  const isSlow = schedule.spec.startsWith('solar(') && (count ?? 0) > MAX_COUNT_OF_SUN;
  if (isSlow) report(['count'], `expected at most ${MAX_COUNT_OF_SUN} with solar`);
  const fixed = toFixedInstants(schedule, limits.offset, from, report);
  if (!fixed || isReversed || isSlow) return undefined;
  const hasSets = between !== undefined || only.length + exclude.length > 0;
  const chosen = hasSets ? selected(fixed, { between, only, exclude }, zone) : fixed;
  return from === undefined && until === undefined ? chosen : bounded(chosen, { from, until, count }, zone);
}

/** Puts an interval on a fixed grid; returns any other schedule unchanged. */
function toFixedInstants(schedule: Schedule, offset: number | null, from: number | undefined, report: Report) {
  const { every, spec } = schedule;
  if (every !== undefined) {
    if (offset === null || offset < every) return grid(every, (from ?? 0) + (offset ?? 0));
    report(['offset'], `expected less than the interval of ${describeLength(every)}`);
    return undefined;
  }
  if (offset !== null) {
    report(['offset'], 'applies to intervals without relative');
    return undefined;
  }
  const round = Number(/^every\((\d+)ms\) round /.exec(spec)?.[1] ?? 0);
  if (round === roundUnit(round) || round === 0) return schedule;
  const length = describeLength(round);
  report(
    ['relative'],
    `${length} on round instants depend on the run before; for fixed instants write offset: 0 instead, or cron`,
  );
  return undefined;
}
