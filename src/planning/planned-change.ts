import type { Entry } from '../catalog/entry.ts';
import type { Skip } from '../catalog/catch-up.ts';
import { limitsOverlap } from '../catalog/overlap.ts';
import { compose } from '../compose/compose.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { SentEvent } from '../events/beat-events.ts';
import type { Message } from '../message/message.ts';
import type { RunMessages } from '../message/run-messages.ts';
import type { RunCause } from '../message/run.ts';
import type { Change } from '../store/commit.ts';
import { advance, type EntryState, type LastSkip, type RunningRun } from '../store/entry-state.ts';
import type { HistoryRow, RunRow } from '../store/history.ts';
import type { Steps } from '../util/steps.ts';
import { indexedDueAt } from './plan.ts';

/** What was decided about one entry, ready to be committed, with the events that follow a commit. */
export interface PlannedChange {
  readonly entry: Entry;
  /** The state that it was decided from. */
  readonly before: EntryState;
  readonly change: Change;
  /** One for each run that the change publishes. */
  readonly sent: readonly SentEvent[];
  readonly skipped: readonly Skip[];
}

/** What is to happen to an entry. Instants are epoch milliseconds. */
export interface Decided {
  readonly entry: Entry;
  readonly before: EntryState;
  /** Nominal instants of the runs to publish, oldest first. */
  readonly runs: readonly number[];
  readonly causeOf: (dueAt: number) => RunCause;
  readonly skipped: readonly Skip[];
  /** What changes in the state, beside what publishing changes. */
  readonly changes: Parameters<typeof advance>[1];
  /** The id of the command that asked for it: it distinguishes the task ids of its runs. */
  readonly commandId?: string | undefined;
}

/** What the history says about a decision. */
interface Reported extends Pick<Decided, 'before' | 'skipped' | 'commandId'> {
  readonly sent: readonly SentEvent[];
  readonly sentAt: number;
  readonly term: number;
}

/** Renders the messages of a decision, one in each step, at `sentAt` (epoch milliseconds), for the term of that token. */
export function* planChange(
  { entry, before, runs: instants, causeOf, skipped, changes, commandId }: Decided,
  { sentAt, term }: { readonly sentAt: number; readonly term: number },
  messageContext: MessageContext,
): Steps<PlannedChange> {
  const runs: RunMessages[] = [];
  for (const dueAt of instants) {
    runs.push(compose({ entry, dueAt, cause: causeOf(dueAt), commandId }, sentAt, messageContext));
    yield;
  }
  const sent = runs.map(({ taskId, messages }, i) => ({
    entry: entry.name,
    task: entry.task,
    taskId,
    queue: queueOf(messages),
    dueAt: instants[i]!,
    cause: causeOf(instants[i]!),
    sentAt,
    term,
    messages,
  }));
  const last = runs.at(-1);
  const after = advance(before, {
    ...changes,
    sentAt: last ? sentAt : before.sentAt,
    taskId: last ? last.taskId : before.taskId,
    runCount: before.runCount + runs.length,
    lastSkip:
      findLastSkip(skipped, changes.dueAt ?? before.dueAt) ?? (last ? undefined : before.lastSkip),
    running: limitsOverlap(entry) ? addRunning({ ...before, ...changes }, sent) : undefined,
  });
  const change = {
    entry: entry.name,
    before,
    after,
    messages: concat(runs.map((run) => run.messages)),
    chords: concat(runs.map((run) => run.chords)),
    history: toHistory({ sent, skipped, before, sentAt, term, commandId }, messageContext.origin),
    stored: entry.stored ? { dueAt: indexedDueAt(entry, after) } : undefined,
  };
  return { entry, before, change, sent, skipped };
}

/** The rows of runs and skips in the order of their occurrences; skips decided by a policy precede its runs. */
function toHistory(
  { sent, skipped, before, sentAt, term, commandId }: Reported,
  leader: string,
): readonly HistoryRow[] {
  const rows: HistoryRow[] = skipped.map(({ first, last, count, reason }) => ({
    ...{ kind: 'skip', first, last, count, reason, at: sentAt, term },
  }));
  let number = before.runCount;
  for (const { dueAt, cause, taskId, task, queue } of sent) {
    number += 1;
    // prettier-ignore
    const row: RunRow = { kind: 'run', dueAt, sentAt, cause, taskId, task, queue, term, leader, number };
    rows.push(commandId === undefined ? row : { ...row, command: commandId });
  }
  return rows;
}

/** Most running runs that a state contains: a backfill may publish thousands. */
const MAX_RUNNING = 100;

/** Runs of commands count as running too: the occurrences that are due next must not overlap them. */
function addRunning(
  { running = [] }: Pick<EntryState, 'running'>,
  sent: readonly SentEvent[],
): readonly RunningRun[] | undefined {
  const added = sent.map(({ taskId, dueAt, sentAt }) => ({ taskId, dueAt, sentAt }));
  const all = [...running, ...added].slice(-MAX_RUNNING);
  return all.length > 0 ? all : undefined;
}

/** The skip of the newest occurrence; `undefined` if it was published. */
function findLastSkip(skipped: readonly Skip[], dueAt: number | null): LastSkip | undefined {
  const newest = skipped.find(({ last }) => last === dueAt);
  return newest && { dueAt: newest.last, reason: newest.reason };
}

/** One run is the usual case, and needs no copy. */
function concat<T>(lists: readonly (readonly T[])[]): readonly T[] {
  return lists.length === 1 ? lists[0]! : lists.flat();
}

/** The queue of the first message, or its exchange when it names no queue. */
function queueOf([first]: readonly Message[]): string {
  if (!first) return '';
  const { queue, exchange } = first.destination;
  return queue ?? exchange;
}
