import { endPause } from '../planning/decide.ts';
import { cursor } from '../planning/next-due.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { latestFrom } from '../../schedule/range.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Steps } from '../../util/steps.ts';
import { thousands } from '../../util/thousands.ts';
import { backfill } from './backfill.ts';
import type { CommandOf, EntryCommand } from './command.ts';
import { applied, rejected, type Applied, type Rejected, type Target } from './outcome.ts';

/** Applies a command to an entry at `now` (epoch milliseconds). Pure: the caller commits the outcome. */
export function* applyCommand(target: Target, command: EntryCommand, now: number): Steps<Applied | Rejected> {
  const outcome = yield* apply(target, command, now);
  return outcome.kind === 'applied' ? { ...outcome, commandId: command.id } : outcome;
}

function* apply(target: Target, command: EntryCommand, now: number): Steps<Applied | Rejected> {
  switch (command.do) {
    case 'pause':
      return pause(target, command, now);
    case 'resume':
      return yield* resume(target, now);
    case 'run':
      // The run does not change the schedule.
      return applied(target, `published a run of ${target.entry.name}`, { runs: [now] });
    case 'skip':
      return skip(target, command, now);
    case 'backfill':
      return yield* backfill(target, command, now);
  }
}

/** Pauses an entry from `now` on (epoch milliseconds). A second pause replaces the first, and keeps its beginning. */
function pause(target: Target, command: CommandOf<'pause'>, now: number): Applied | Rejected {
  const { until, reason, by } = command;
  if (until !== null && until <= now) {
    return rejected(`until: ${formatIso(until)} is in the past (it is ${formatIso(now)}); choose a later instant`);
  }
  const paused = { since: target.state.pause?.since ?? now, until, reason, by };
  const end = until === null ? '' : ` until ${formatIso(until)}`;
  return applied(target, `paused ${target.entry.name}${end}`, { changes: { pause: paused } });
}

/** Ends a pause at `now` (epoch milliseconds); what was due during it is skipped. */
function* resume(target: Target, now: number): Steps<Applied | Rejected> {
  const { entry, state } = target;
  if (!state.pause) return rejected(`entry ${JSON.stringify(entry.name)} is not paused; beat list shows which are`);
  const ended = yield* endPause(entry, state, now);
  const [skip] = ended.skipped;
  const count = skip ? (skip.count ?? 'very many') : 0;
  return applied(target, `resumed ${entry.name}; ${count} skipped while it was paused`, ended);
}

/** Most occurrences of one entry that wait to be skipped: each is checked whenever the entry is due. */
const MAX_SKIPPED = 1_000;

/**
 * Marks one occurrence as skipped: the next after `now` (epoch milliseconds), or the given one. The state is checked,
 * so an occurrence that was already published or skipped is rejected; a missed occurrence can be given.
 */
function skip(target: Target, { dueAt }: CommandOf<'skip'>, now: number): Applied | Rejected {
  const { entry, state } = target;
  const { schedule, name } = entry;
  const skipped = state.skip ?? [];
  if (skipped.length >= MAX_SKIPPED) {
    return rejected(
      `${thousands(MAX_SKIPPED)} occurrences of ${name} wait to be skipped, which is the limit; skip more when some are over`,
    );
  }
  if (dueAt !== null && skipped.includes(dueAt)) return rejected(`${formatIso(dueAt)} is skipped already`);
  if (dueAt !== null && dueAt <= cursor(state)) {
    return rejected(
      `${formatIso(dueAt)} is past: what was due by ${formatIso(cursor(state))} is dealt with; beat next shows what is to come`,
    );
  }
  const first = nextAfter(schedule, cursor(state));
  let next = firstFrom(schedule, first, dueAt ?? now + 1);
  if (dueAt === null) while (skipped.includes(next)) next = nextAfter(schedule, next);
  if (next === Infinity) return rejected(`entry ${JSON.stringify(name)} is never due again`);
  if (dueAt !== null && next !== dueAt) {
    return rejected(`${name} is not due at ${formatIso(dueAt)}; it is due at ${formatIso(next)}`);
  }
  const changes = { skip: [...skipped, next].toSorted((a, b) => a - b) };
  return applied(target, `${name} skips the run of ${formatIso(next)}`, { changes });
}

/** The first occurrence at or after `from`. `first` must be an occurrence; intervals count from it. Epoch milliseconds. */
function firstFrom(schedule: Schedule, first: number, from: number): number {
  if (first >= from) return first;
  // A user's own schedule has fixed instants; very many may lie between `first` and `from`.
  if (!schedule.latest) return nextAfter(schedule, from - 1);
  const latest = latestFrom(schedule, first, from);
  return latest === from ? from : nextAfter(schedule, latest);
}
