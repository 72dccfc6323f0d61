import type { Item } from './agenda.ts';
import type { Entry } from '../catalog/entry.ts';
import type { SentEvent } from '../events/beat-events.ts';
import type { Change } from '../store/commit.ts';
import { advance, type EntryState } from '../store/entry-state.ts';
import { compose } from '../compose/compose.ts';
import type { Producer } from '../compose/message-context.ts';
import type { Message } from '../message/message.ts';
import { decide, type Skip } from '../catalog/catch-up.ts';

/** What was decided about one entry, ready to be committed, and what there will be to tell of it. */
export interface PlannedChange {
  readonly entry: Entry;
  /** The state that it was decided from. */
  readonly before: EntryState;
  readonly change: Change;
  /** One for each occurrence that the change sends. */
  readonly sent: readonly SentEvent[];
  readonly skipped: readonly Skip[];
}

/**
 * Makes the step of an entry that is due at `now`, for the term of that number. Its messages say that
 * they are made at `sentAt`. Instants are epoch milliseconds.
 */
export function planChange(
  { entry, state, dueAt: first }: Item,
  { now, sentAt, term }: { readonly now: number; readonly sentAt: number; readonly term: number },
  producer: Producer,
): PlannedChange {
  const { send, skip, dueAt } = decide(entry, first, now);
  const runs = send.map((at) => compose({ entry, dueAt: at }, sentAt, producer));
  const sent = runs.map(({ taskId, messages }, i) => ({
    entry: entry.name,
    task: entry.task,
    taskId,
    queue: queueOf(messages),
    dueAt: send[i] ?? dueAt,
    sentAt,
    term,
    messages,
  }));
  const last = runs.at(-1);
  const after = advance(state, {
    dueAt,
    ...(last && { sentAt, taskId: last.taskId }),
    runCount: state.runCount + runs.length,
  });
  const messages = runs.flatMap((run) => run.messages);
  const chords = runs.flatMap((run) => run.chords);
  const change = { entry: entry.name, before: state, after, messages, chords };
  return { entry, before: state, change, sent, skipped: skip };
}

/** Where the run goes, or where it begins. */
function queueOf([first]: readonly Message[]): string {
  if (!first) return '';
  const { queue, exchange } = first.destination;
  return queue ?? exchange;
}
