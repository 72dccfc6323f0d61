import { formatIso } from '../../util/format-iso.ts';
import { thousands } from '../../util/thousands.ts';
import { cursor } from '../planning/next-due.ts';
import { measureRun, runsAtOnce } from '../planning/runs-at-once.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { firstFrom } from '../../schedule/range.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import type { Steps } from '../../util/steps.ts';
import type { CommandOf } from './command.ts';
import { applied, rejected, type Applied, type Rejected, type Target } from './outcome.ts';

/** Most runs of one backfill: they are one burst for the workers. */
export const MAX_BACKFILLED = 10_000;

/** Most bytes in the messages of all runs of one backfill, about: the queue holds them at the same time. */
const MAX_BYTES = 100_000_000;

/**
 * Publishes a part of the occurrences in `[from, to)`, which are all in the past at `now`: the oldest that earlier
 * parts have not published, at most as many as one commit may contain. Epoch milliseconds.
 */
export function* backfill(
  target: Target,
  { id, from, to }: CommandOf<'backfill'>,
  now: number,
): Steps<Applied | Rejected> {
  const { entry, state } = target;
  const most = runsAtOnce(entry);
  const { backfill: begun } = state;
  if (begun?.command === id) {
    const dueAt = yield* occurrences(entry.schedule, cursor(state), begun.next, to, most);
    return publish(target, id, begun.published, dueAt, most);
  }
  if (from >= to) return rejected(`from (${formatIso(from)}) must be before to (${formatIso(to)})`);
  if (to > now) return rejected(`to: ${formatIso(to)} is in the future (it is ${formatIso(now)})`);
  const dueAt = yield* occurrences(entry.schedule, cursor(state), from, to, MAX_BACKFILLED);
  if (dueAt.length > MAX_BACKFILLED) {
    return rejected(`more than ${thousands(MAX_BACKFILLED)} runs: choose a shorter time, or several of them`);
  }
  if (dueAt.length === 0) {
    return rejected(`${entry.name} has no occurrence from ${formatIso(from)} until ${formatIso(to)}`);
  }
  const bytes = measureRun(entry);
  if (bytes * dueAt.length > MAX_BYTES) {
    const fitting = Math.max(1, Math.floor(MAX_BYTES / bytes));
    return rejected(
      `${thousands(dueAt.length)} runs with messages of about ${thousands(bytes)} bytes: choose a shorter time, of at most ${thousands(fitting)} runs`,
    );
  }
  return publish(target, id, 0, dueAt, most);
}

function publish(target: Target, command: string, before: number, instants: readonly number[], most: number): Applied {
  const runs = instants.slice(0, most);
  const next = instants[most];
  const published = before + runs.length;
  const changes = { backfill: next === undefined ? undefined : { command, next, published } };
  return applied(target, `published ${thousands(published)} runs of ${target.entry.name}`, {
    runs,
    causeOf: () => 'backfill',
    changes,
    isPart: next !== undefined,
  });
}

/**
 * The instants of a schedule in `[from, to)`, oldest first; one more than `limit` when there are more. Intervals are
 * counted, forwards and backwards, from `anchor`. All in epoch milliseconds.
 */
function* occurrences(schedule: Schedule, anchor: number, from: number, to: number, limit: number): Steps<number[]> {
  const found: number[] = [];
  const first = firstFrom(schedule, anchor, from);
  for (let at = first; at < to; at = nextAfter(schedule, at)) {
    found.push(at);
    if (found.length > limit) break;
    yield;
  }
  return found;
}
