import { readFileSync } from 'node:fs';
import { systemClock } from '../../util/clock.ts';

/** Linux counts in hundredths of a second here, on every machine that Node runs on. */
const TICK = 10;

/** Where `/proc/PID/stat` has the time of the start, counted from the end of the name in parentheses. */
const START = 19;

/** Files have coarser times than processes, milliseconds. */
const SLACK = 1_000;

/**
 * Whether a process began after an instant (epoch milliseconds), so that it cannot be the one that wrote
 * a file then: the number was used again. `false` where that cannot be known, as outside Linux. It is
 * measured against this process, whose age is known: when the host began, containers see each its own way.
 */
export function startedAfter(pid: number, instant: number): boolean {
  const [theirs, ours] = [startOf(pid), startOf('self')];
  if (theirs === undefined || ours === undefined) return false;
  const begun = systemClock.now() - process.uptime() * 1_000;
  return begun + (theirs - ours) * TICK > instant + SLACK;
}

function startOf(pid: number | 'self'): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START]);
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}
