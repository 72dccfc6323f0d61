import { limitsOverlap, type Entry } from '../catalog/entry.ts';
import { compose, type PreparedRun } from '../compose/compose.ts';
import type { MessageContext } from '../compose/message-context.ts';
import type { EntryChange } from '../../contracts/events/beat-events.ts';
import type { Message, ChordSize, RunMessages } from '../../celery/message/message.ts';
import type { Change } from '../../contracts/store/commit.ts';
import { advance, type EntryState, type LastSkip, type RunningRun } from '../../contracts/store/entry-state.ts';
import type { HistoryRow, RunRow } from '../../contracts/store/history.ts';
import type { Steps } from '../../util/steps.ts';
import type { Skip } from './catch-up.ts';
import type { Decision } from './decide.ts';
import { indexedDueAt } from './next-due.ts';

/** What was decided about one entry, ready to be committed. */
export interface PlannedChange {
  /** The entry as it is scheduled after the commit; `undefined` for an entry that is removed. */
  readonly entry: Entry | undefined;
  readonly change: Change;
  /** Registered with the result backend before the commit; none unless given. */
  readonly chords?: readonly ChordSize[];
  /** Runs that workers are asked to end before the commit. */
  readonly cancel?: readonly RunningRun[] | undefined;
  /** The change of the entry's configuration, such as `edited`; `null` if there is none. */
  readonly edit?: EntryChange | null;
}

/** When messages are rendered, epoch milliseconds, and the fencing token of their term. */
export interface PlanTime {
  readonly sentAt: number;
  readonly term: number;
}

/** Renders the messages of a decision, one in each step, unless its run was prepared. */
export function* planChange(
  decision: Decision,
  { sentAt, term }: PlanTime,
  messageContext: MessageContext,
  prepared?: PreparedRun,
): Steps<PlannedChange> {
  const { entry, before, causeOf, skipped, changes, cancel, commandId } = decision;
  const runs: RunMessages[] = [];
  // Skips decided by a policy precede its runs. Rows are literals: with a spread, a burst takes a tenth longer.
  const history: HistoryRow[] = [];
  for (const { first, last, count, reason } of skipped) {
    history.push({ kind: 'skip', first, last, count, reason, at: sentAt, term });
  }
  const { task } = entry;
  const leader = messageContext.origin;
  for (const dueAt of decision.runs) {
    const cause = causeOf(dueAt);
    const isPrepared = prepared?.dueAt === dueAt && prepared.messageContext === messageContext && cause === 'schedule';
    const run = isPrepared ? prepared.run : compose({ entry, dueAt, cause, commandId }, sentAt, messageContext);
    runs.push(run);
    const { taskId } = run;
    const queue = queueOf(run);
    const number = before.runCount + runs.length;
    // prettier-ignore
    const row: RunRow = { kind: 'run', dueAt, sentAt, cause, taskId, task, queue, term, leader, number };
    history.push(commandId === undefined ? row : { ...row, command: commandId });
    yield;
  }
  const last = runs.at(-1);
  const after = advance(before, {
    ...changes,
    sentAt: last ? sentAt : before.sentAt,
    taskId: last ? last.taskId : before.taskId,
    runCount: before.runCount + runs.length,
    lastSkip: findLastSkip(skipped, changes.dueAt ?? before.dueAt) ?? (last ? undefined : before.lastSkip),
    running: limitsOverlap(entry) ? addRunning({ ...before, ...changes }, history) : undefined,
  });
  const change: Change = {
    entry: entry.name,
    before,
    after,
    messages: concat(runs.map((run) => run.messages)),
    history,
    stored: entry.stored ? { dueAt: indexedDueAt(entry, after) } : undefined,
  };
  return { entry, change, chords: concat(runs.map((run) => run.chords)), cancel };
}

/** Most running runs that a state contains: a backfill may publish thousands. */
const MAX_RUNNING = 100;

/** Runs of commands count as running too: the occurrences that are due next must not overlap them. */
function addRunning({ running = [] }: Pick<EntryState, 'running'>, history: readonly HistoryRow[]) {
  const added = history.filter((row) => row.kind === 'run');
  const all = [...running, ...added.map(({ taskId, dueAt, sentAt }) => ({ taskId, dueAt, sentAt }))].slice(
    -MAX_RUNNING,
  );
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
