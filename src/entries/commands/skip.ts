import { cursor } from '../planning/plan.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { latestFrom } from '../../schedule/range.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import type { SkipCommand } from './command.ts';
import { thousands } from '../../util/thousands.ts';
import { rejected, utc, type Outcome, type Target } from './outcome.ts';

/** Most occurrences of one entry that wait to be skipped: each is looked at whenever the entry is due. */
const MAX_SKIPPED = 1_000;

/**
 * Marks one occurrence as skipped: the next after `now` (epoch milliseconds), or the given one. The state is checked,
 * so an occurrence that was already published or skipped is rejected; one that was missed can be given.
 */
export function skip({ entry, state }: Target, { dueAt }: SkipCommand, now: number): Outcome {
  const { schedule, name } = entry;
  const skipped = state.skip ?? [];
  if (skipped.length >= MAX_SKIPPED) {
    return rejected(
      `${thousands(MAX_SKIPPED)} occurrences of ${name} wait to be skipped, which is the limit; skip more when some are over`,
    );
  }
  if (dueAt !== null && skipped.includes(dueAt))
    return rejected(`${utc(dueAt)} is skipped already`);
  if (dueAt !== null && dueAt <= cursor(state)) {
    return rejected(
      `${utc(dueAt)} is past: what was due by ${utc(cursor(state))} is dealt with; beat next shows what is to come`,
    );
  }
  const first = nextAfter(schedule, cursor(state));
  let next = firstFrom(schedule, first, dueAt ?? now + 1);
  if (dueAt === null) while (skipped.includes(next)) next = nextAfter(schedule, next);
  if (next === Infinity) return rejected(`entry ${JSON.stringify(name)} is never due again`);
  if (dueAt !== null && next !== dueAt) {
    return rejected(`${name} is not due at ${utc(dueAt)}; it is due at ${utc(next)}`);
  }
  return {
    kind: 'applied',
    changes: { skip: [...skipped, next].toSorted((a, b) => a - b) },
    runs: null,
    skipped: [],
    answer: `${name} skips the run of ${utc(next)}`,
  };
}

/** The first occurrence at or after `from`. `first` must be an occurrence; intervals count from it. Epoch milliseconds. */
function firstFrom(schedule: Schedule, first: number, from: number): number {
  if (first >= from) return first;
  // A schedule of the user's has fixed instants, and may have very many of them until then.
  if (!schedule.latest) return nextAfter(schedule, from - 1);
  const latest = latestFrom(schedule, first, from);
  return latest === from ? from : nextAfter(schedule, latest);
}
