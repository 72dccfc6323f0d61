import { cursor } from '../scheduling/plan.ts';
import { nextAfter } from '../schedule/next-after.ts';
import type { SkipCommand } from './command.ts';
import { rejected, utc, type Outcome, type Target } from './outcome.ts';

/** Most occurrences of one entry that wait to be skipped: each is looked at whenever the entry is due. */
const MAX_SKIPPED = 1_000;

/** Marks one occurrence to come as skipped. The state is checked, so an occurrence that was already published or skipped is rejected. */
export function skip({ entry, state }: Target, { dueAt }: SkipCommand): Outcome {
  const { schedule, name } = entry;
  const skipped = state.skip ?? [];
  if (skipped.length >= MAX_SKIPPED) {
    return rejected(`${MAX_SKIPPED} occurrences of ${name} wait to be skipped: that is the limit`);
  }
  if (dueAt !== null && skipped.includes(dueAt))
    return rejected(`${utc(dueAt)} is skipped already`);
  if (dueAt !== null && dueAt <= cursor(state)) {
    return rejected(`${utc(dueAt)} is past: what was due by ${utc(cursor(state))} is dealt with`);
  }
  let next = nextAfter(schedule, dueAt === null ? cursor(state) : dueAt - 1);
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
