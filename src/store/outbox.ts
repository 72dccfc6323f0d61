import type { Message } from '../message/message.ts';
import type { Run } from '../message/run.ts';
import { decodeMessage, encodeMessage } from '../message/message-json.ts';
import type { Change, Commit, CommitOutcome } from './commit.ts';
import type { EntryState, OnUnreadable } from './entry-state.ts';

/** A finished message that its broker may or may not have yet. */
export interface OutboxMessage {
  /** Unique; ascending in the order in which messages should be published. */
  readonly id: string;
  /** The run that the message belongs to. */
  readonly run: Run;
  readonly message: Message;
}

/** As that of a commit, but of messages appended rather than published. */
export type AppendOutcome =
  | {
      readonly kind: 'committed';
      /** What is pending now of these messages: all of them, but for those removed since a first try. */
      readonly pending: readonly OutboxMessage[];
    }
  | Exclude<CommitOutcome, { kind: 'committed' }>;

/**
 * A ledger that stores messages instead of publishing them, for a broker that is another store: what was
 * decided is durable together with what is still to be published. The leader publishes what is pending and
 * then removes it. The next leader does so for a leader that dies in between, under the same task ids: at
 * least once, never lost.
 */
export interface Outbox {
  readonly batch: { readonly size: number; readonly inFlight: number };
  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>>;
  beginTerm(): Promise<number>;
  /**
   * As `Ledger.commit`, but every message is appended, not published. Repeating it appends nothing twice, and
   * nothing again that was removed.
   */
  append(commit: Commit): Promise<AppendOutcome>;
  /** The first `limit` messages whose id is greater than `after`, in the order of ids. */
  pending(limit: number, after: string): Promise<readonly OutboxMessage[]>;
  /** Removes messages that the broker has. `false`, and nothing removed, when a newer term has begun. */
  remove(token: number, ids: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

/** What an outbox stores of these changes, in their order. The same change has the same ids, always. */
export function outboxMessages(changes: readonly Change[]): OutboxMessage[] {
  return changes.flatMap((change) =>
    change.messages.map((message, i) => {
      const run = message.run ?? newestRun(change);
      return { id: messageId(run, change.after.rev ?? 0, i), run, message };
    }),
  );
}

/** For messages that belong to no run of a plan. */
function newestRun({ entry, after }: Change): Run {
  return { entry, dueAt: after.dueAt ?? after.anchor, cause: 'schedule' };
}

/** The `rev` tells apart the messages of runs of one instant: one by schedule, and others by command. */
function messageId({ entry, dueAt }: Run, rev: number, i: number): string {
  return `${sortable(dueAt)} ${entry} ${digits(rev, 16)} ${digits(i, 6)}`;
}

/** The text of an outbox message, which holds its run. */
export function encodeOutboxMessage({ run, message }: OutboxMessage): string {
  return encodeMessage({ ...message, run });
}

/** The inverse of `encodeOutboxMessage`. Throws a `StoreError` for a text that is no message. */
export function decodeOutboxMessage(id: string, text: string): OutboxMessage {
  const message = decodeMessage(text);
  return { id, run: message.run ?? runOfRelease01(id, message), message };
}

/**
 * The run of a message that release 0.1 left in the outbox. That release stored no run: `dueAt` is in a header,
 * the entry in the id, together with the newest `dueAt` of its commit.
 */
function runOfRelease01(id: string, { headers }: Message): Run {
  const own = Date.parse(String(headers['beat_due_at']));
  const dueAt = Number.isNaN(own) ? Number(id.slice(0, 17)) + EARLIEST : own;
  return { entry: id.slice(18, -7), dueAt, cause: 'schedule' };
}

/** The earliest instant that a `Date` can hold. */
const EARLIEST = -8_640_000_000_000_000;

/** Digits that sort as the instants do, those before 1970 too. */
function sortable(instant: number): string {
  return digits(instant - EARLIEST, 17);
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, '0');
}
