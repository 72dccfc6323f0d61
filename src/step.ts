import type { Item } from './agenda.ts';
import type { Entry } from './entry.ts';
import type { SentEvent } from './events.ts';
import type { Change, LedgerRecord } from './ledger/ledger.ts';
import { compose, type Producer } from './message/compose.ts';
import { decide, type Skip } from './plan.ts';

/** What was decided about one entry, ready to be committed, and what there will be to tell of it. */
export interface Step {
  readonly entry: Entry;
  /** The record that it was decided from. */
  readonly before: LedgerRecord;
  readonly change: Change;
  /** One for each message of the change. */
  readonly sent: readonly SentEvent[];
  readonly skipped: readonly Skip[];
}

/**
 * Makes the step of an entry that is due at `now`, for the term of that number. Its messages say that
 * they are made at `sentAt`. Instants are epoch milliseconds.
 */
export function prepare(
  { entry, record, dueAt: first }: Item,
  { now, sentAt, term }: { readonly now: number; readonly sentAt: number; readonly term: number },
  producer: Producer,
): Step {
  const { send, skip, dueAt } = decide(entry, first, now);
  const messages = send.map((at) => compose({ entry, dueAt: at }, sentAt, producer));
  const sent = messages.map((message, i) => ({
    entry: entry.name,
    task: entry.task,
    taskId: message.taskId,
    queue: message.queue,
    dueAt: send[i] ?? dueAt,
    sentAt,
    term,
  }));
  const last = messages.at(-1);
  const next: LedgerRecord = {
    ...record,
    dueAt,
    sentAt: last ? sentAt : record.sentAt,
    taskId: last ? last.taskId : record.taskId,
    runCount: record.runCount + messages.length,
  };
  const change = { entry: entry.name, expected: record, record: next, messages };
  return { entry, before: record, change, sent, skipped: skip };
}
