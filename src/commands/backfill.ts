import { thousands } from '../util/thousands.ts';
import { measureCanvas, measureJson } from '../canvas/measure.ts';
import { cursor } from '../planning/plan.ts';
import { nextAfter } from '../schedule/next-after.ts';
import { firstFrom } from '../schedule/range.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Steps } from '../util/steps.ts';
import type { BackfillCommand } from './command.ts';
import { rejected, utc, type Outcome, type Target } from './outcome.ts';

/** Most runs of one backfill: they are one commit, and one burst for the workers. */
export const MAX_BACKFILLED = 10_000;

/** Most bytes in the messages of all runs of one backfill, about: the leader holds them in memory at the same time. */
const MAX_BYTES = 10_000_000;

/** Publishes the occurrences in `[from, to)`, all in the past at `now`. Epoch milliseconds. */
export function* backfill(
  { entry, state }: Target,
  { from, to }: BackfillCommand,
  now: number,
): Steps<Outcome> {
  if (from >= to) return rejected(`from (${utc(from)}) must be before to (${utc(to)})`);
  if (to > now) return rejected(`to: ${utc(to)} is in the future (it is ${utc(now)})`);
  const dueAt = yield* occurrences(entry.schedule, cursor(state), from, to);
  if (dueAt.length > MAX_BACKFILLED) {
    return rejected(
      `more than ${thousands(MAX_BACKFILLED)} runs: choose a shorter time, or several of them`,
    );
  }
  if (dueAt.length === 0) {
    return rejected(`${entry.name} has no occurrence from ${utc(from)} until ${utc(to)}`);
  }
  const { args, kwargs, canvas } = entry;
  const bytes = canvas ? measureCanvas(canvas) : measureJson([args, kwargs]);
  if (bytes * dueAt.length > MAX_BYTES) {
    const most = Math.max(1, Math.floor(MAX_BYTES / bytes));
    return rejected(
      `${thousands(dueAt.length)} runs with messages of about ${thousands(bytes)} bytes: choose a shorter time, of at most ${thousands(most)} runs`,
    );
  }
  return {
    kind: 'applied',
    changes: {},
    runs: { cause: 'backfill', dueAt },
    skipped: [],
    answer: `published ${thousands(dueAt.length)} runs of ${entry.name}`,
  };
}

/**
 * The instants of a schedule in `[from, to)`, oldest first; one more than `MAX_BACKFILLED` when there are
 * more. Intervals are counted, forwards and backwards, from `anchor`. All in epoch milliseconds.
 */
function* occurrences(
  schedule: Schedule,
  anchor: number,
  from: number,
  to: number,
): Steps<number[]> {
  const found: number[] = [];
  const first = firstFrom(schedule, anchor, from);
  for (let at = first; at < to; at = nextAfter(schedule, at)) {
    found.push(at);
    if (found.length > MAX_BACKFILLED) break;
    yield;
  }
  return found;
}
