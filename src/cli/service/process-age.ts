import { readFileSync } from 'node:fs';
import { systemClock } from '../../util/system-clock.ts';

/** Milliseconds per clock tick in `/proc`: 10 on all platforms of Node on Linux. */
const TICK = 10;

/** The index of the start time in `/proc/PID/stat`, counted from the end of the name in parentheses. */
const START_TIME = 19;

/** The tolerance in milliseconds: times of files are coarser than times of processes. */
const TOLERANCE = 1_000;

/**
 * Whether a process started after an instant (epoch milliseconds): then its id was reused, and another
 * process wrote a file of that time. Returns `false` if this cannot be determined, as outside Linux. The
 * start is computed relative to this process, because containers may see different boot times.
 */
export function startedAfter(pid: number, instant: number): boolean {
  const [theirs, ours] = [readStartTicks(pid), readStartTicks('self')];
  if (theirs === undefined || ours === undefined) return false;
  const ourStart = systemClock.now() - process.uptime() * 1_000;
  return ourStart + (theirs - ours) * TICK > instant + TOLERANCE;
}

function readStartTicks(pid: number | 'self'): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}
