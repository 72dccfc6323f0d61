import type { Entry } from '../../entries/catalog/entry.ts';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import { latestWithin } from '../../schedule/next-after.ts';
import { firstFrom } from '../../schedule/range.ts';
import type { Explanation, Schedule } from '../../schedule/schedule.ts';
import { cursor } from '../../entries/planning/next-due.ts';
import type { Pause } from '../../contracts/store/entry-state.ts';
import { isUnreadable } from '../../contracts/store/unreadable.ts';
import { sendableOrNull } from '../../celery/message/parse-instant.ts';
import { formatDuration } from '../../util/format-duration.ts';
import {
  account,
  recordedSince,
  scheduledSince,
  type Account,
  type AccountedOccurrence,
  type Recorded,
} from './account.ts';
import { describeSkipReason } from '../../celery/message/skip-reasons.ts';

/** Why an entry was or was not due at an instant, and what became of it. Instants are epoch milliseconds. */
export interface Why {
  readonly at: number;
  /** Whether the schedule, as it is now, has this instant. */
  readonly isDue: boolean;
  /** The fields of the schedule; `null` for a rule without fields, such as an interval. */
  readonly fields: Explanation | null;
  /** The nearest occurrences; `null` for none. */
  readonly previous: number | null;
  readonly next: number | null;
  /** `null` if no occurrence was expected at the instant, and no run was published. */
  readonly account: Account | null;
  /** Sentences, the most important first. */
  readonly reasons: readonly string[];
}

/** A run later than this was delayed: the leader was down, or a server unreachable. Milliseconds. */
const DELAYED = 5_000;

const DAY = 24 * 60 * 60 * 1_000;
/** How far back the occurrence before an instant is searched. Milliseconds. */
const LONGEST = 10 * 366 * DAY;

/** An explained instant, with the nearest occurrences if nothing was due then. */
export interface LoadedWhy {
  readonly found: Why;
  /** `null` if there is none, or if `found` is an occurrence. Operators often know a time only roughly. */
  readonly before: Why | null;
  readonly after: Why | null;
}

export interface WhyContext {
  /** The audit trail of commands, newest first. */
  readonly commands: readonly AuditRow[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Formats an instant (epoch milliseconds) in a sentence. */
  readonly show: (at: number) => string;
}

/** Explains an instant from the schedule, the state, the history and the audit trail of commands. */
export function explain(recorded: Recorded, at: number, context: WhyContext): Why {
  const { entry, state } = recorded;
  const { schedule } = entry;
  const { now, show } = context;
  const anchor = state ? cursor(state) : now;
  const isDue = firstFrom(schedule, anchor, at) === at;
  const fields = schedule.explain?.(new Date(at)) ?? null;
  const [found] = account(recorded, { from: at, to: at + 1, now });
  return {
    at,
    isDue,
    fields,
    previous: sendableOrNull(findPrevious(schedule, anchor, at)),
    next: sendableOrNull(firstFrom(schedule, anchor, at + 1)),
    account: found?.account ?? null,
    reasons: [
      ...explainSchedule(recorded, { at, isDue, fields }, show),
      ...(found ? explainAccount(recorded, found, context) : []),
    ],
  };
}

function explainSchedule(
  recorded: Recorded,
  { at, isDue, fields }: Pick<Why, 'at' | 'isDue' | 'fields'>,
  show: WhyContext['show'],
): string[] {
  const { entry, state } = recorded;
  if (!entry.enabled) return ['the entry is disabled'];
  if (!state) return ['no instance has scheduled the entry yet'];
  if (state.spec === null) return ['the entry was disabled or removed when an instance last led'];
  if (state.spec !== entry.schedule.spec) {
    return ['the schedule differs from the one that the leader has: it was edited and not reloaded yet'];
  }
  if (!isDue) {
    const { pause } = state;
    const isPaused = pause && at >= pause.since && at < (pause.until ?? Infinity);
    const mismatches = (fields?.fields ?? [])
      .filter(({ matches }) => !matches)
      .map(({ field, rule, value }) => `${field} (${rule}) does not match ${value}`);
    const why = mismatches.length === 0 ? '' : `: ${mismatches.join(', ')}`;
    const mismatch = `the schedule does not have this instant${why}`;
    return isPaused ? [describePause(pause, show), mismatch] : [mismatch];
  }
  const since = scheduledSince(recorded);
  if (at > since) return [];
  return [
    `nothing is expected before ${show(since)}: the entry was added, edited or enabled then, and does not catch up on what came before`,
  ];
}

function explainAccount(recorded: Recorded, { dueAt, account: became }: AccountedOccurrence, context: WhyContext) {
  const { entry, state } = recorded;
  const { now, show } = context;
  const pause = state?.pause;
  switch (became.kind) {
    case 'published': {
      const { sentAt, cause, leader, term } = became.run;
      const late = sentAt - dueAt;
      const by = `by ${leader} in term ${term}`;
      if (late <= DELAYED && cause === 'schedule') return [`published in time ${by}`];
      return [`published ${formatDuration(late)} late ${by}: until then ${causes(entry, 'was')}`];
    }
    case 'published-twice':
      return ['published more than once: report this with the rows of beat history'];
    case 'skipped': {
      const sent = (name: string) => describeSender(entry.name, name, dueAt, context);
      if (became.reason === 'paused') return [`skipped: the entry was paused${sent('pause')}`];
      if (became.reason === 'skipped') return [`skipped on request${sent('skip')}`];
      return [`skipped: ${describeSkipReason(became.reason)}`];
    }
    case 'waiting':
      if (pause) return [describePause(pause, show)];
      return [`due, and not yet dealt with: ${causes(entry, 'is')}`];
    case 'not-yet-due':
      if (state?.skip?.includes(dueAt)) return ['not yet due, and a command asked to skip it'];
      if (!pause || (pause.until ?? Infinity) <= dueAt) return [`not yet due: it is ${show(now)}`];
      return [`not yet due, and will be skipped unless resumed: ${describePause(pause, show)}`];
    case 'before-history': {
      const since = recordedSince(recorded);
      const reach =
        since === Infinity
          ? 'the entry has no history'
          : `the history of the entry begins at ${show(since)}; history.limit and history.maxAge set how far it reaches`;
      return [reach, ...describeUnreadableRows(recorded)];
    }
    case 'unaccounted': {
      // Its row may be unreadable.
      const [cause = 'report this with the output of beat audit'] = describeUnreadableRows(recorded);
      return [`the history should have it, and does not: ${cause}`];
    }
  }
}

function describeUnreadableRows({ rows }: Recorded): string[] {
  const unreadable = rows.filter(isUnreadable);
  if (unreadable.length === 0) return [];
  return [`rows of the history that cannot be read: ${unreadable.length}; remove them with: ${unreadable[0]!.repair}`];
}

function causes({ overlap }: Entry, verb: 'is' | 'was'): string {
  const leads = verb === 'is' ? 'leads' : 'led';
  const outage = `no instance ${leads}, or a server ${verb} unreachable`;
  return overlap === 'queue' ? `an earlier run ${verb} running (overlap: 'queue'), ${outage}` : outage;
}

function describePause(pause: Pause, show: WhyContext['show']): string {
  const until = pause.until === null ? '' : ` until ${show(pause.until)}`;
  const reason = pause.reason === null ? '' : `, because "${pause.reason}"`;
  return `paused since ${show(pause.since)}${until} by ${pause.by}${reason}`;
}

/** The sender of the command that was applied to the entry last before an occurrence. */
function describeSender(entry: string, name: string, dueAt: number, { commands, show }: WhyContext): string {
  const command = commands.find((row) => {
    const isOwn = row.status === 'applied' && row.entry === entry && row.do === name;
    return isOwn && Date.parse(row.answeredAt) <= dueAt;
  });
  if (!command) return '';
  const reason = command.reason === null ? '' : `, because "${command.reason}"`;
  return ` by ${command.by} at ${show(Date.parse(command.answeredAt))}${reason}`;
}

/** The newest occurrence before `at`; fixed instants are searched ten years back. */
function findPrevious(schedule: Schedule, anchor: number, at: number): number | null {
  const { every } = schedule;
  if (every !== undefined) return firstFrom(schedule, anchor, at - every);
  for (let span = DAY; ; span = Math.min(8 * span, LONGEST)) {
    const found = latestWithin(schedule, at - 1 - span, at - 1);
    if (found === undefined || (found === null && span === LONGEST)) return null;
    if (found !== null) return found;
  }
}
