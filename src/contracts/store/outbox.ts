import { copyMessage, type Message, decodeMessage, encodeMessage } from '../../celery/message/message.ts';
import type { Run } from '../../celery/message/run.ts';
import { StoreError } from '../../util/errors.ts';
import type { Change, Commit, CommitOutcome } from './commit.ts';
import type { EntryRow, SkipRow } from './history.ts';
import type { Ledger } from './ledger.ts';
import { isInstant, isText, mapOf } from './record-fields.ts';
import { repairCommand, describeUnreadable, type Unreadable } from './unreadable.ts';
import { sortableInstant, sortableNumber } from './sortable.ts';

export interface OutboxMessage {
  /** Unique; ascending in the order in which messages should be published. */
  readonly id: string;
  readonly run: Run;
  readonly message: Message;
}

export type PendingMessage = OutboxMessage | Unreadable;

export type AppendOutcome =
  | {
      readonly kind: 'committed';
      /** The appended messages that are pending: all, except those removed after an earlier attempt of this commit. */
      readonly pending: readonly OutboxMessage[];
    }
  | Exclude<CommitOutcome, { kind: 'committed' }>;

/** The history row of a run that is withdrawn when its last message is removed. */
export interface WithdrawnRow extends EntryRow {
  readonly messageId: string;
  readonly row: SkipRow;
}

/**
 * A ledger that stores messages instead of publishing them, because the broker is another store. A commit writes
 * states and messages in one step. The leader publishes pending messages and then removes them. If it dies in
 * between, the next leader publishes them again with the same task ids: at least once, never lost.
 */
export interface Outbox extends Omit<Ledger, 'commit'> {
  /** As `Ledger.commit`, but appends the messages. A repeated call appends none twice, and none that was removed. */
  append(commit: Commit): Promise<AppendOutcome>;
  /** The first `limit` messages whose id is greater than `after`, in the order of ids. Empty only if there are none. */
  pending(limit: number, after: string): Promise<readonly PendingMessage[]>;
  /**
   * Removes messages, and appends the rows to the history, if the store has one, in the same step. A row whose message
   * was already removed is not appended, so that a repeated call appends nothing twice. Resolves with `false`, and
   * changes nothing, when a newer term has begun.
   */
  remove(token: number, ids: readonly string[], withdrawn?: readonly WithdrawnRow[]): Promise<boolean>;
}

/** The outbox messages of these changes, in order. The same change always has the same ids. */
export function outboxMessages(changes: readonly Change[]): OutboxMessage[] {
  return changes.flatMap((change) =>
    change.messages.map((message, i) => {
      const run = message.run ?? {
        entry: change.entry,
        dueAt: change.after?.dueAt ?? change.after?.anchor ?? 0,
        cause: 'schedule',
      };
      return { id: messageId(run, change.after?.rev ?? 0, i), run, message };
    }),
  );
}

/** The `rev` distinguishes several runs of one instant: one by schedule, others by command. */
function messageId({ entry, dueAt }: Run, rev: number, i: number): string {
  return `${sortableInstant(dueAt)} ${entry} ${sortableNumber(rev, 16)} ${sortableNumber(i, 6)}`;
}

export function encodeOutboxMessage({ run, message }: OutboxMessage): string {
  return encodeMessage(copyMessage(message, { run }));
}

export function decodeOutboxMessage(id: string, text: string): PendingMessage {
  try {
    const message = decodeMessage(text);
    const { run, destination } = message;
    if (run && checkRun(run) && checkDestination(destination)) return { id, run, message };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
  return describeUnreadable(text, { id, expected: 'a message', instants: [], repair: repairCommand(id, 'outbox') });
}

const checkRun = mapOf({ entry: isText, dueAt: isInstant, cause: isText });
const checkDestination = mapOf({ exchange: isText, routingKey: isText });
