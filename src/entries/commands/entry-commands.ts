import type { Entry } from '../catalog/entry.ts';
import { endPause, measureRun, runsAtOnce, type Decision } from '../planning/decide.ts';
import { cursor } from '../planning/next-due.ts';
import type { EntryState } from '../../contracts/store/entry-state.ts';
import { nextAfter } from '../../schedule/next-after.ts';
import { firstFrom, latestFrom } from '../../schedule/range.ts';
import type { Schedule } from '../../schedule/schedule.ts';
import { formatIso } from '../../util/format-iso.ts';
import type { Steps } from '../../util/steps.ts';
import { thousands } from '../../util/thousands.ts';
import type { CommandOf, EntryCommand } from './command.ts';

export interface Target {
  readonly entry: Entry;
  readonly state: EntryState;
}

export interface Applied extends Decision {
  readonly kind: 'applied';
  readonly answer: string;
  /** Whether this is a part of the effect: the command is then applied again, to the state after it. */
  readonly isPart: boolean;
}

/** A command without an effect, and why. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: string;
}

/** Creates an effect, which publishes and skips nothing unless `parts` say otherwise. */
function applied(
  { entry, state }: Target,
  { id: commandId }: EntryCommand,
  answer: string,
  parts: Partial<Pick<Applied, 'runs' | 'causeOf' | 'skipped' | 'changes' | 'isPart'>>,
): Applied {
  return {
    kind: 'applied',
    entry,
    before: state,
    commandId,
    answer,
    isPart: false,
    runs: [],
    causeOf: () => 'manual',
    skipped: [],
    changes: {},
    ...parts,
  };
}

export function rejected(reason: string): Rejected {
  return { kind: 'rejected', reason };
}

/** Applies a command to an entry at `now` (epoch milliseconds). Pure: the caller commits the outcome. */
export function* applyCommand(target: Target, command: EntryCommand, now: number): Steps<Applied | Rejected> {
  switch (command.do) {
    case 'pause':
      return pause(target, command, now);
    case 'resume':
      return yield* resume(target, command, now);
    case 'run':
      // The run does not change the schedule.
      return applied(target, command, `published a run of ${target.entry.name}`, { runs: [now] });
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
  return applied(target, command, `paused ${target.entry.name}${end}`, { changes: { pause: paused } });
}

/** Ends a pause at `now` (epoch milliseconds); what was due during it is skipped. */
function* resume(target: Target, command: CommandOf<'resume'>, now: number): Steps<Applied | Rejected> {
  const { entry, state } = target;
  if (!state.pause) return rejected(`entry ${JSON.stringify(entry.name)} is not paused; beat list shows which are`);
  const ended = yield* endPause(entry, state, now);
  const [skip] = ended.skipped;
  const count = skip ? (skip.count ?? 'very many') : 0;
  return applied(target, command, `resumed ${entry.name}; ${count} skipped while it was paused`, ended);
}

/** Most occurrences of one entry that wait to be skipped: each is checked whenever the entry is due. */
const MAX_SKIPPED = 1_000;

/**
 * Marks one occurrence as skipped: the next after `now` (epoch milliseconds), or the given one. The state is checked,
 * so an occurrence that was already published or skipped is rejected; a missed occurrence can be given.
 */
function skip(target: Target, command: CommandOf<'skip'>, now: number): Applied | Rejected {
  const { dueAt } = command;
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
  let next = firstSince(schedule, first, dueAt ?? now + 1);
  if (dueAt === null) while (skipped.includes(next)) next = nextAfter(schedule, next);
  if (next === Infinity) return rejected(`entry ${JSON.stringify(name)} is never due again`);
  if (dueAt !== null && next !== dueAt) {
    return rejected(`${name} is not due at ${formatIso(dueAt)}; it is due at ${formatIso(next)}`);
  }
  const changes = { skip: [...skipped, next].toSorted((a, b) => a - b) };
  return applied(target, command, `${name} skips the run of ${formatIso(next)}`, { changes });
}

/** The first occurrence at or after `from`. `first` must be an occurrence; intervals count from it. Epoch milliseconds. */
function firstSince(schedule: Schedule, first: number, from: number): number {
  if (first >= from) return first;
  // A user's own schedule has fixed instants; very many may lie between `first` and `from`.
  if (!schedule.latest) return nextAfter(schedule, from - 1);
  const latest = latestFrom(schedule, first, from);
  return latest === from ? from : nextAfter(schedule, latest);
}

/** Most runs of one backfill: they are one burst for the workers. */
export const MAX_BACKFILLED = 10_000;

/** Most bytes in the messages of all runs of one backfill, about: the queue holds them at the same time. */
const MAX_BYTES = 100_000_000;

/**
 * Publishes a part of the occurrences in `[from, to)`, which are all in the past at `now`: the oldest that earlier
 * parts have not published, at most as many as one commit may contain. Epoch milliseconds.
 */
export function* backfill(target: Target, command: CommandOf<'backfill'>, now: number): Steps<Applied | Rejected> {
  const { entry, state } = target;
  const { id, from, to } = command;
  const { schedule, name } = entry;
  const most = runsAtOnce(entry);
  const publishOldest = (dueAt: readonly number[], before: number) => {
    const runs = dueAt.slice(0, most);
    const next = dueAt[most];
    const published = before + runs.length;
    return applied(target, command, `published ${thousands(published)} runs of ${name}`, {
      runs,
      causeOf: () => 'backfill',
      changes: { backfill: next === undefined ? undefined : { command: id, next, published } },
      isPart: next !== undefined,
    });
  };
  const { backfill: begun } = state;
  if (begun?.command === id) {
    return publishOldest(yield* occurrences(schedule, cursor(state), begun.next, to, most), begun.published);
  }
  if (from >= to) return rejected(`from (${formatIso(from)}) must be before to (${formatIso(to)})`);
  if (to > now) return rejected(`to: ${formatIso(to)} is in the future (it is ${formatIso(now)})`);
  const dueAt = yield* occurrences(schedule, cursor(state), from, to, MAX_BACKFILLED);
  if (dueAt.length > MAX_BACKFILLED) {
    return rejected(`more than ${thousands(MAX_BACKFILLED)} runs: choose a shorter time, or several of them`);
  }
  if (dueAt.length === 0) return rejected(`${name} has no occurrence from ${formatIso(from)} until ${formatIso(to)}`);
  const bytes = measureRun(entry);
  if (bytes * dueAt.length > MAX_BYTES) {
    const fitting = Math.max(1, Math.floor(MAX_BYTES / bytes));
    return rejected(
      `${thousands(dueAt.length)} runs with messages of about ${thousands(bytes)} bytes: choose a shorter time, of at most ${thousands(fitting)} runs`,
    );
  }
  return publishOldest(dueAt, 0);
}

/** The instants in `[from, to)`, epoch ms, oldest first, at most `limit` + 1. Intervals count from `anchor`. */
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
