import { parseInstant } from '../../celery/message/parse-instant.ts';
import { describeLength } from '../../schedule/text.ts';
import { bounded, type Bounds, grid, selected } from '../../schedule/limits/limits.ts';
import { roundUnit } from '../../schedule/timedelta.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import type { Report } from '../validate.ts';
import type { Limits } from './limits.ts';

/** Each of them takes milliseconds, and all are computed at the first use. */
const MAX_COUNT_OF_SUN = 400;

/**
 * Limits a schedule, apart from the jitter, which needs no check. `zone` applies to times of day, days and local
 * instants. Returns `undefined` after errors.
 */
export function applyLimits(
  schedule: Schedule,
  limits: Limits,
  zone: string,
  report: Report,
): Schedule | undefined {
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
  const bounds: Bounds = { from, until, count };
  return from === undefined && until === undefined ? chosen : bounded(chosen, bounds, zone);
}

/** An interval on a fixed grid, and any other schedule unchanged. */
function toFixedInstants(
  schedule: Schedule,
  offset: number | null,
  from: number | undefined,
  report: Report,
): Schedule | undefined {
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
