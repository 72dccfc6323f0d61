import type { Entry } from '../../entries/catalog/entry.ts';
import type { AuditRow } from '../../entries/commands/shapes.ts';
import { latestWithin } from '../../schedule/next-after.ts';
import { firstFrom } from '../../schedule/range.ts';
import type { Explanation, Schedule } from '../../schedule/schedule.ts';
import { cursor } from '../../entries/planning/next-due.ts';
import type { Pause } from '../../contracts/store/entry-state.ts';
import { isUnreadable } from '../../contracts/store/unreadable.ts';
import { isSendable } from '../../celery/message/parse-instant.ts';
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
  /** `null` when no occurrence was expected there, and none was published. */
  readonly account: Account | null;
  /** Why it is as it is, most important first; one sentence each. */
  readonly reasons: readonly string[];
}

/** A run later than this was delayed: the leader was down, or a server unreachable. Milliseconds. */
const DELAYED = 5_000;

const DAY = 24 * 60 * 60 * 1_000;
/** How far back the occurrence before an instant is searched. Milliseconds. */
const LONGEST = 10 * 366 * DAY;

/** Explains an instant of an entry. If nothing was due then, explains the nearest occurrences too. */
export interface LoadedWhy {
  readonly found: Why;
  /** Operators often know a time only roughly. `null` if there is none, or if `found` is an occurrence. */
  readonly before: Why | null;
  readonly after: Why | null;
}

/** What an explanation is made from, besides what is recorded of the entry. */
export interface Known {
  /** The audit trail of commands, newest first. */
  readonly commands: readonly AuditRow[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Formats an instant (epoch milliseconds) in a sentence. */
  readonly show: (at: number) => string;
}

/** Explains an instant from the schedule, the state, the history and the audit trail of commands. */
export function explain(recorded: Recorded, at: number, known: Known): Why {
  const { now, show } = known;
  const { entry, state } = recorded;
  const { schedule } = entry;
  const anchor = state ? cursor(state) : now;
  const isDue = firstFrom(schedule, anchor, at) === at;
  const [found] = account(recorded, { from: at, to: at + 1, now });
  return {
    at,
    isDue,
    fields: schedule.explain?.(new Date(at)) ?? null,
    previous: orNull(findPrevious(schedule, anchor, at)),
    next: orNull(firstFrom(schedule, anchor, at + 1)),
    account: found?.account ?? null,
    reasons: [
      ...explainSchedule(recorded, at, isDue, show),
      ...explainAccount(recorded, found, known),
    ],
  };
}

function explainSchedule(
  recorded: Recorded,
  at: number,
  isDue: boolean,
  show: Known['show'],
): string[] {
  const { entry, state } = recorded;
  if (!entry.enabled) return ['the entry is disabled'];
  if (!state) return ['no instance has scheduled the entry yet'];
  if (state.spec === null) return ['the entry was disabled or removed when an instance last led'];
  if (state.spec !== entry.schedule.spec) {
    return [
      'the schedule differs from the one that the leader has: it was edited and not reloaded yet',
    ];
  }
  if (!isDue) {
    const { pause } = state;
    const isPaused = pause && at >= pause.since && at < (pause.until ?? Infinity);
    const mismatch = explainMismatch(entry.schedule, at);
    return isPaused ? [describePause(pause, show), mismatch] : [mismatch];
  }
  const since = scheduledSince(recorded);
  if (at > since) return [];
  return [
    `nothing is expected before ${show(since)}: the entry was added, edited or enabled then, and does not catch up on what came before`,
  ];
}

function explainMismatch(schedule: Schedule, at: number): string {
  const fields = schedule.explain?.(new Date(at)).fields ?? [];
  const mismatches = fields
    .filter(({ matches }) => !matches)
    .map(({ field, rule, value }) => `${field} (${rule}) does not match ${value}`);
  const why = mismatches.length === 0 ? '' : `: ${mismatches.join(', ')}`;
  return `the schedule does not have this instant${why}`;
}

function explainAccount(
  recorded: Recorded,
  found: AccountedOccurrence | undefined,
  known: Known,
): string[] {
  if (!found) return [];
  const { dueAt, account: became } = found;
  switch (became.kind) {
    case 'published': {
      const { sentAt, cause, leader, term } = became.run;
      const late = sentAt - dueAt;
      const by = `by ${leader} in term ${term}`;
      if (late <= DELAYED && cause === 'schedule') return [`published in time ${by}`];
      return [
        `published ${formatDuration(late)} late ${by}: until then ${describeDelay(recorded.entry)}`,
      ];
    }
    case 'published-twice':
      return ['published more than once: report this with the rows of beat history'];
    case 'skipped':
      return [describeSkip(became.reason, dueAt, ofEntry(recorded.entry, known))];
    case 'waiting':
      return [describeWait(recorded, known.show)];
    case 'not-yet-due':
      return [describeAhead(recorded, dueAt, known)];
    case 'before-history':
      return [describeReach(recorded, known.show), ...describeUnreadableRows(recorded)];
    case 'unaccounted':
      return [describeLost(recorded)];
  }
}

/** Why an occurrence is not in the history: its row may be unreadable. */
function describeLost(recorded: Recorded): string {
  const [unreadable] = describeUnreadableRows(recorded);
  const cause = unreadable ?? 'report this with the output of beat audit';
  return `the history should have it, and does not: ${cause}`;
}

function describeUnreadableRows({ rows }: Recorded): string[] {
  const unreadable = rows.filter(isUnreadable);
  if (unreadable.length === 0) return [];
  return [
    `rows of the history that cannot be read: ${unreadable.length}; remove them with: ${unreadable[0]!.repair}`,
  ];
}

/** With the commands to this entry that were applied alone. */
function ofEntry({ name }: Entry, { commands, ...known }: Known): Known {
  const own = commands.filter(({ entry, status }) => status === 'applied' && entry === name);
  return { ...known, commands: own };
}

function describeSkip(reason: string, dueAt: number, own: Known): string {
  if (reason === 'paused') return `skipped: the entry was paused${by(own, 'pause', dueAt)}`;
  if (reason === 'skipped') return `skipped on request${by(own, 'skip', dueAt)}`;
  return `skipped: ${describeSkipReason(reason)}`;
}

/** What may have delayed a run. */
function describeDelay({ overlap }: Entry): string {
  const outage = 'no instance led, or a server was unreachable';
  return overlap === 'queue' ? `an earlier run was running (overlap: 'queue'), ${outage}` : outage;
}

function describeWait({ entry, state }: Recorded, show: Known['show']): string {
  const pause = state?.pause;
  if (pause) return describePause(pause, show);
  const outage = 'no instance leads, or a server is unreachable';
  const why =
    entry.overlap === 'queue' ? `an earlier run is running (overlap: 'queue'), ${outage}` : outage;
  return `due, and not yet dealt with: ${why}`;
}

function describePause(pause: Pause, show: Known['show']): string {
  const until = pause.until === null ? '' : ` until ${show(pause.until)}`;
  const reason = pause.reason === null ? '' : `, because "${pause.reason}"`;
  return `paused since ${show(pause.since)}${until} by ${pause.by}${reason}`;
}

function describeAhead({ state }: Recorded, dueAt: number, { now, show }: Known): string {
  if (state?.skip?.includes(dueAt)) return 'not yet due, and a command asked to skip it';
  const { pause } = state ?? {};
  if (pause && (pause.until ?? Infinity) > dueAt) {
    return `not yet due, and will be skipped unless resumed: ${describePause(pause, show)}`;
  }
  return `not yet due: it is ${show(now)}`;
}

function describeReach(recorded: Recorded, show: Known['show']): string {
  const since = recordedSince(recorded);
  if (since === Infinity) return 'the entry has no history';
  return `the history of the entry begins at ${show(since)}; history.limit and history.maxAge set how far it reaches`;
}

/** Who sent the newest command of that name before an occurrence, as the audit trail has it. */
function by({ commands, show }: Known, name: string, dueAt: number): string {
  const command = commands.find((row) => {
    return row.do === name && Date.parse(row.answeredAt) <= dueAt;
  });
  if (!command) return '';
  const reason = command.reason === null ? '' : `, because "${command.reason}"`;
  return ` by ${command.by} at ${show(Date.parse(command.answeredAt))}${reason}`;
}

/** The newest occurrence before `at`, of fixed instants within ten years. */
function findPrevious(schedule: Schedule, anchor: number, at: number): number | null {
  const { every } = schedule;
  if (every !== undefined) return firstFrom(schedule, anchor, at - every);
  for (let span = DAY; ; span = Math.min(8 * span, LONGEST)) {
    const found = latestWithin(schedule, at - 1 - span, at - 1);
    if (found === undefined || (found === null && span === LONGEST)) return null;
    if (found !== null) return found;
  }
}

/** `null` for none, and for one in a year that ISO 8601 has no four digits for. */
function orNull(at: number | null): number | null {
  return isSendable(at) ? at : null;
}
