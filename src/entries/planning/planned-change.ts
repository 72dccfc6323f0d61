import type { Entry } from '../catalog/entry.ts';
import type { Skip } from '../catalog/catch-up.ts';
import { limitsOverlap } from '../catalog/overlap.ts';
import { compose } from '../compose/compose.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { EntryChange } from '../../contracts/events/beat-events.ts';
import type { Message } from '../../celery/message/message.ts';
import type { ChordSize, RunMessages } from '../../celery/message/run-messages.ts';
import type { RunCause } from '../../celery/message/run.ts';
import type { Change } from '../../contracts/store/commit.ts';
import {
  advance,
  type EntryState,
  type LastSkip,
  type RunningRun,
} from '../../contracts/store/entry-state.ts';
import type { HistoryRow, RunRow } from '../../contracts/store/history.ts';
import type { Steps } from '../../util/steps.ts';
import { indexedDueAt } from './plan.ts';

/** What was decided about one entry, ready to be committed. */
export interface PlannedChange {
  /** The entry as it is scheduled after the commit; `undefined` for an entry that is removed. */
  readonly entry: Entry | undefined;
  readonly change: Change;
  /** Registered with the result backend before the commit; none unless given. */
  readonly chords?: readonly ChordSize[];
  /** The task ids of runs that workers are asked to end before the commit. */
  readonly cancel?: readonly string[];
  /** How the entry is scheduled otherwise than before; `null` if it is not. */
  readonly edit?: EntryChange | null;
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
  /** The runs that workers are asked to end before. */
  readonly cancel?: readonly RunningRun[];
  /** The id of the command that asked for it: it distinguishes the task ids of its runs. */
  readonly commandId?: string | undefined;
}

/** Renders the messages of a decision, one in each step, at `sentAt` (epoch milliseconds), for the term of that token. */
export function* planChange(
  decided: Decided,
  { sentAt, term }: { readonly sentAt: number; readonly term: number },
  messageContext: MessageContext,
): Steps<PlannedChange> {
  const { entry, before, causeOf, skipped, changes, cancel = [], commandId } = decided;
  const runs: RunMessages[] = [];
  // Skips decided by a policy precede its runs.
  const history: HistoryRow[] = skipped.map(({ first, last, count, reason }) => ({
    ...{ kind: 'skip', first, last, count, reason, at: sentAt, term },
  }));
  const running: RunningRun[] = [];
  for (const dueAt of decided.runs) {
    const cause = causeOf(dueAt);
    const run = compose({ entry, dueAt, cause, commandId }, sentAt, messageContext);
    const { taskId } = run;
    runs.push(run);
    const row: RunRow = {
      ...{ kind: 'run', dueAt, sentAt, cause, taskId, task: entry.task, queue: queueOf(run) },
      ...{ term, leader: messageContext.origin, number: before.runCount + runs.length },
    };
    history.push(commandId === undefined ? row : { ...row, command: commandId });
    running.push({ taskId, dueAt, sentAt });
    yield;
  }
  const last = runs.at(-1);
  const after = advance(before, {
    ...changes,
    sentAt: last ? sentAt : before.sentAt,
    taskId: last ? last.taskId : before.taskId,
    runCount: before.runCount + runs.length,
    lastSkip:
      findLastSkip(skipped, changes.dueAt ?? before.dueAt) ?? (last ? undefined : before.lastSkip),
    running: limitsOverlap(entry) ? addRunning({ ...before, ...changes }, running) : undefined,
  });
  const change = {
    entry: entry.name,
    before,
    after,
    messages: concat(runs.map((run) => run.messages)),
    history,
    stored: entry.stored ? { dueAt: indexedDueAt(entry, after) } : undefined,
  };
  const chords = concat(runs.map((run) => run.chords));
  return { entry, change, chords, cancel: cancel.map(({ taskId }) => taskId) };
}

/** Most running runs that a state contains: a backfill may publish thousands. */
const MAX_RUNNING = 100;

/** Runs of commands count as running too: the occurrences that are due next must not overlap them. */
function addRunning(
  { running = [] }: Pick<EntryState, 'running'>,
  added: readonly RunningRun[],
): readonly RunningRun[] | undefined {
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
function queueOf({ messages: [first] }: { readonly messages: readonly Message[] }): string {
  if (!first) return '';
  const { queue, exchange } = first.destination;
  return queue ?? exchange;
}
