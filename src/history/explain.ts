import type { Entry } from '../catalog/entry.ts';
import type { AuditRow } from '../commands/audit.ts';
import { latestWithin } from '../schedule/next-after.ts';
import { firstFrom } from '../schedule/range.ts';
import type { Explanation, Schedule } from '../schedule/schedule.ts';
import { cursor } from '../planning/plan.ts';
import type { Pause } from '../store/entry-state.ts';
import {
  account,
  recordedSince,
  scheduledSince,
  type Account,
  type AccountedOccurrence,
  type Recorded,
} from './account.ts';
import { describeSkipReason } from './skip-reasons.ts';

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

const YEAR = 366 * 24 * 60 * 60 * 1_000;

/** Explains an instant from the schedule, the state, the history and the audit trail of commands. */
export function explain(
  recorded: Recorded,
  at: number,
  commands: readonly AuditRow[],
  now: number,
): Why {
  const { entry, state } = recorded;
  const { schedule } = entry;
  const anchor = state ? cursor(state) : now;
  const isDue = firstFrom(schedule, anchor, at) === at;
  const [found] = account(recorded, { from: at, to: at + 1, now });
  return {
    at,
    isDue,
    fields: schedule.explain?.(new Date(at)) ?? null,
    previous: findPrevious(schedule, anchor, at),
    next: finite(firstFrom(schedule, anchor, at + 1)),
    account: found?.account ?? null,
    reasons: [
      ...explainSchedule(recorded, at, isDue),
      ...explainAccount(recorded, found, commands, now),
    ],
  };
}

function explainSchedule(recorded: Recorded, at: number, isDue: boolean): string[] {
  const { entry, state } = recorded;
  if (!entry.enabled) return ['the entry is disabled'];
  if (!state) return ['no instance has scheduled the entry yet'];
  if (state.spec === null) return ['the entry was disabled or removed when an instance last led'];
  if (state.spec !== entry.schedule.spec) {
    return [
      'the schedule differs from the one that the leader has: it was edited and not reloaded yet',
    ];
  }
  if (!isDue) return [explainMismatch(entry.schedule, at)];
  const since = scheduledSince(recorded);
  if (at > since) return [];
  return [
    `nothing is expected before ${iso(since)}: the entry was added, edited or enabled then, and does not catch up on what came before`,
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
  commands: readonly AuditRow[],
  now: number,
): string[] {
  if (!found) return [];
  const { dueAt, account: became } = found;
  const ofEntry = commands.filter(({ entry, status }) => {
    return status === 'applied' && entry === recorded.entry.name;
  });
  switch (became.kind) {
    case 'published': {
      const { sentAt, cause, leader, term } = became.run;
      const late = sentAt - dueAt;
      const by = `by ${leader} in term ${term}`;
      if (late <= DELAYED && cause === 'schedule') return [`published in time ${by}`];
      return [`published ${late} ms late ${by}: until then ${describeDelay(recorded.entry)}`];
    }
    case 'published-twice':
      return ['published more than once: report this with the rows of beat history'];
    case 'skipped':
      return [describeSkip(became.reason, dueAt, ofEntry)];
    case 'waiting':
      return [describeWait(recorded)];
    case 'not-yet-due':
      return [describeAhead(recorded, dueAt, now)];
    case 'before-history':
      return [describeReach(recorded)];
    case 'unaccounted':
      return [
        'the history should have it, and does not: report this with the output of beat audit',
      ];
  }
}

function describeSkip(reason: string, dueAt: number, commands: readonly AuditRow[]): string {
  if (reason === 'paused') return `skipped: the entry was paused${by(commands, 'pause', dueAt)}`;
  if (reason === 'skipped') return `skipped on request${by(commands, 'skip', dueAt)}`;
  return `skipped: ${describeSkipReason(reason)}`;
}

/** What may have delayed a run. */
function describeDelay({ overlap }: Entry): string {
  const outage = 'no instance led, or a server was unreachable';
  return overlap === 'queue' ? `an earlier run was running (overlap: 'queue'), ${outage}` : outage;
}

function describeWait({ entry, state }: Recorded): string {
  const pause = state?.pause;
  if (pause) return describePause(pause);
  const outage = 'no instance leads, or a server is unreachable';
  const why =
    entry.overlap === 'queue' ? `an earlier run is running (overlap: 'queue'), ${outage}` : outage;
  return `due, and not yet dealt with: ${why}`;
}

function describePause(pause: Pause): string {
  const until = pause.until === null ? '' : ` until ${iso(pause.until)}`;
  const reason = pause.reason === null ? '' : `, because "${pause.reason}"`;
  return `paused since ${iso(pause.since)}${until} by ${pause.by}${reason}`;
}

function describeAhead({ state }: Recorded, dueAt: number, now: number): string {
  if (state?.skip?.includes(dueAt)) return 'not yet due, and a command asked to skip it';
  const { pause } = state ?? {};
  if (pause && (pause.until ?? Infinity) > dueAt) {
    return `not yet due, and will be skipped unless resumed: ${describePause(pause)}`;
  }
  return `not yet due: it is ${iso(now)}`;
}

function describeReach(recorded: Recorded): string {
  const since = recordedSince(recorded);
  if (since === Infinity) return 'the entry has no history';
  return `the history of the entry begins at ${iso(since)}; history.limit and history.maxAge set how far it reaches`;
}

/** Who sent the newest command of that name before an occurrence, as the audit trail has it. */
function by(commands: readonly AuditRow[], name: string, dueAt: number): string {
  const command = commands.find((row) => {
    return row.do === name && Date.parse(row.answeredAt) <= dueAt;
  });
  if (!command) return '';
  const reason = command.reason === null ? '' : `, because "${command.reason}"`;
  return ` by ${command.by} at ${command.answeredAt}${reason}`;
}

/** The newest occurrence before `at`, of fixed instants within ten years. */
function findPrevious(schedule: Schedule, anchor: number, at: number): number | null {
  const { every } = schedule;
  if (every !== undefined) return firstFrom(schedule, anchor, at - every);
  for (let span = YEAR / 366; span <= 10 * YEAR; span *= 8) {
    const found = latestWithin(schedule, at - 1 - span, at - 1);
    if (found === undefined) return null;
    if (found !== null) return found;
  }
  return null;
}

function finite(at: number): number | null {
  return Number.isFinite(at) ? at : null;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
