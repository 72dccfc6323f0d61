import type { Schedule } from '../../schedule/schedule.ts';
import type { CronLine } from './cron-line.ts';
import { runsByCron, spansOf, type CronZones } from './cron-times.ts';

const HOUR = 3_600_000;

/** How long changes of clocks are compared, and how long before and after each one. */
const COMPARED = 2 * 366 * 24 * HOUR;
const AROUND = 4 * HOUR;

/** Returns the first instant around a change of clocks that only one of cron and beat has; `null` if there is none. */
export function findClockDifference(
  line: CronLine,
  zones: CronZones,
  schedule: Schedule,
  from: number,
): { readonly instant: number; readonly by: 'cron' | 'beat' } | null {
  const names = new Set([zones.host, zones.table ?? zones.host]);
  const changes = [...names].flatMap((zone) => listChanges(zone, from));
  for (const change of changes.sort((a, b) => a - b)) {
    const [after, until] = [change - AROUND, change + AROUND];
    const byCron = new Set(runsByCron(line, zones, after, until));
    const byBeat = new Set<number>();
    let next = schedule.next(new Date(after));
    while (next !== null && next.getTime() <= until) {
      byBeat.add(next.getTime());
      next = schedule.next(next);
    }
    const differences = [
      ...[...byCron].filter((instant) => !byBeat.has(instant)),
      ...[...byBeat].filter((instant) => !byCron.has(instant)),
    ];
    const [instant] = differences.sort((a, b) => a - b);
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
