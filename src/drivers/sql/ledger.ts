import { formatDestination, NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { type Commit, type CommitOutcome, encodeChange } from '../../contracts/store/commit.ts';
import type { EntryState, OnUnreadable } from '../../contracts/store/entry-state.ts';
import { NO_HISTORY, type EncodedHistory } from '../../contracts/store/history.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  type AppendOutcome,
  decodeOutboxMessage,
  encodeOutboxMessage,
  type Outbox,
  type OutboxMessage,
  outboxMessages,
  type PendingMessage,
  type WithdrawnRow,
} from '../../contracts/store/outbox.ts';
import { StoreError } from '../../util/errors.ts';
import { inChunks } from './chunks.ts';
import { finishCommands } from './command-log.ts';
import type { Database, Transaction } from './database.ts';
import { rejectionReason } from './database-error.ts';
import { encodeEnvelopes, insertMessages, type Pruner } from './messages.ts';
import { operationOf, WITH_HISTORY } from './rights.ts';
import type { SqlHistory } from './history.ts';
import type { NamedText, Statements } from './statements.ts';
import { EARLIER_TABLE } from './tables.ts';
import type { SqlEntries } from './entries.ts';

export interface SqlLedgerOptions {
  readonly db: Database;
  readonly sql: Statements;
  readonly entries: SqlEntries;
  readonly pruner: Pruner;
  readonly prefix: string;
  readonly queues: Queues;
  /** The history that commits append to; `null` for none. */
  readonly history: SqlHistory | null;
  /** Whether the database is a file: another transaction would be another sync to the disk. */
  readonly isFile: boolean;
}

/**
 * A ledger in tables beside kombu's: one transaction checks the term, publishes and writes the states; or, for
 * a broker that is not this database, appends the messages to the outbox and writes the states. Every
 * transaction locks the term's row from its check to its end, so that a new term begins before or after it.
 */
export class SqlLedger implements Ledger, Outbox, StateRemoval {
  readonly batch: { readonly size: number; readonly inFlight: number };
  readonly #db: Database;
  readonly #entries: SqlEntries;
  readonly #sql: Statements;
  readonly #prefix: string;
  readonly #pruner: Pruner;
  readonly #queues: Queues;
  readonly #history: SqlHistory | null;
  readonly #isFile: boolean;
  #lastTerm = 0;
  /**
   * The last term that appended a message. Before the first message of a term, the ledger checks the right to remove
   * it: without that right, every term would publish the message again.
   */
  #appendedIn = 0;

  constructor({ db, sql, entries, pruner, prefix, queues, history, isFile }: SqlLedgerOptions) {
    // A server runs one transaction of a connection at a time; the next is encoded during it.
    this.batch = { size: 500, inFlight: isFile ? 1 : 2 };
    this.#isFile = isFile;
    this.#db = db;
    this.#entries = entries;
    this.#sql = sql;
    this.#prefix = prefix;
    this.#pruner = pruner;
    this.#queues = queues;
    this.#history = history;
  }

  findStates(entries: readonly string[], unreadable: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#entries.findStates(entries, unreadable);
  }

  load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    return this.#entries.load(unreadable);
  }

  async beginTerm(): Promise<number> {
    // The server's time makes the token grow even if the ledger was emptied. The last token of this process does so if
    // both terms begin in one millisecond, or the server's clock was set back.
    await this.#db.requireRights(`ledger.beginTerm${this.#history ? WITH_HISTORY : ''}`);
    const earlier = this.#sql.listColumns(EARLIER_TABLE.name);
    const columns = await this.#db.read('ledger.beginTerm', earlier);
    if (columns.some(({ name }) => name === EARLIER_TABLE.column)) {
      throw new StoreError(
        `ledger.beginTerm: the table ${EARLIER_TABLE.name} is of an earlier version of beat, which this one does not read; drop the tables of that version, or use another database`,
      );
    }
    const begin = this.#sql.beginTerm(this.#prefix, this.#lastTerm + 1);
    this.#lastTerm = await this.#db.transaction('ledger.beginTerm', async (tx) => {
      await tx.run(begin);
      return (await this.#entries.newestTerm(tx))!;
    });
    return this.#lastTerm;
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    const { token, changes, commands = [] } = commit;
    const encoded = changes.map(encodeChange);
    const history = this.#history?.encode(changes) ?? NO_HISTORY;
    const messages = changes.flatMap((change) => change.messages);
    const envelopes = messages.map((message) => encodeEnvelopes(message, this.#queues));
    const unroutable = messages.find((_, i) => envelopes[i]!.length === 0);
    try {
      const operation = operationOf('ledger.commit', commit, history.rows.length > 0);
      const outcome = await this.#db.transaction<Outcome>(operation, async (tx) => {
        const found = await this.#entries.check(tx, token, encoded);
        if (typeof found === 'object') return found;
        if (found === 'repeated') {
          await finishCommands(tx, this.#sql, this.#prefix, commands);
          return found;
        }
        if (unroutable) {
          const reason = `ledger.commit: ${formatDestination(unroutable.destination)}: ${NO_QUEUE_BOUND}`;
          return { kind: 'store-rejected', reason };
        }
        await insertMessages(tx, this.#sql, envelopes.flat());
        await this.#entries.write(tx, encoded);
        await this.#history?.write(tx, history);
        await finishCommands(tx, this.#sql, this.#prefix, commands);
        if (this.#isFile) await this.#prune(history, envelopes.length, tx);
        return DONE;
      });
      if (outcome === DONE && !this.#isFile) await this.#prune(history, envelopes.length);
      return outcome === 'repeated' ? DONE : outcome;
    } catch (error) {
      return rejectedOrThrow(error);
    }
  }

  async append(commit: Commit): Promise<AppendOutcome> {
    const { token, changes, commands = [] } = commit;
    const messages = outboxMessages(changes);
    const rows = messages.map((each): NamedText => [each.id, encodeOutboxMessage(each)]);
    const encoded = changes.map(encodeChange);
    const history = this.#history?.encode(changes) ?? NO_HISTORY;
    try {
      const operation = operationOf('outbox.append', commit, history.rows.length > 0);
      const outcome = await this.#db.transaction<AppendOutcome>(operation, async (tx) => {
        const found = await this.#entries.check(tx, token, encoded);
        if (typeof found === 'object') return found;
        await finishCommands(tx, this.#sql, this.#prefix, commands);
        if (found === 'repeated') {
          return { kind: 'committed', pending: await this.#stillPending(tx, messages) };
        }
        if (token !== this.#appendedIn) {
          await tx.run(this.#sql.removeMessages(this.#prefix, NOTHING));
        }
        for (const chunk of inChunks(rows, ([id, text]) => id.length + text.length)) {
          await tx.run(this.#sql.appendMessages(this.#prefix, chunk));
        }
        await this.#entries.write(tx, encoded);
        await this.#history?.write(tx, history);
        this.#appendedIn = token;
        if (this.#isFile) await this.#prune(history, null, tx);
        return { kind: 'committed', pending: messages };
      });
      if (!this.#isFile) await this.#prune(history, null);
      return outcome;
    } catch (error) {
      return rejectedOrThrow(error);
    }
  }

  async pending(limit: number, after: string): Promise<readonly PendingMessage[]> {
    const statement = this.#sql.readPending(this.#prefix, after, limit);
    const rows = await this.#db.read('outbox.pending', statement);
    return rows.map(({ id, message }) => decodeOutboxMessage(String(id), String(message)));
  }

  async remove(token: number, ids: readonly string[], withdrawn: readonly WithdrawnRow[] = []): Promise<boolean> {
    const operation = withdrawn.length > 0 ? `outbox.remove${WITH_HISTORY}` : 'outbox.remove';
    return this.#db.transaction(operation, async (tx) => {
      if ((await this.#entries.newestTerm(tx)) !== token) return false;
      const pending = await this.#findPending(
        tx,
        withdrawn.map(({ messageId }) => messageId),
      );
      const rows = withdrawn.filter(({ messageId }) => pending.has(messageId));
      await this.#history?.writeRows(tx, rows);
      // Without ids, removing nothing checks the right to remove.
      for (const chunk of ids.length === 0 ? [NOTHING] : inChunks(ids, (id) => id.length)) {
        await tx.run(this.#sql.removeMessages(this.#prefix, chunk));
      }
      return true;
    });
  }

  removeState(token: number, entry: string): Promise<boolean> {
    return this.#entries.removeState(token, entry);
  }

  async close(): Promise<void> {}

  /**
   * Removes surplus rows after a commit. On a server this is a separate transaction: a missing right would roll the
   * commit back.
   */
  async #prune(history: EncodedHistory, published: number | null, tx?: Transaction): Promise<void> {
    if (published !== null) await this.#pruner.prune(published, tx);
    await this.#history?.prune(history, tx ?? this.#db.separately('history.prune'));
  }

  async #stillPending(tx: Transaction, messages: readonly OutboxMessage[]): Promise<OutboxMessage[]> {
    const found = await this.#findPending(
      tx,
      messages.map(({ id }) => id),
    );
    return messages.filter(({ id }) => found.has(id));
  }

  /** Finds which of these messages are in the outbox. */
  async #findPending(tx: Transaction, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const chunk of inChunks(ids, (id) => id.length)) {
      const { rows } = await tx.run(this.#sql.findPending(this.#prefix, chunk));
      for (const row of rows) found.add(String(row['id']));
    }
    return found;
  }
}

/** The outcome of a commit's transaction. */
type Outcome = CommitOutcome | 'repeated';

/** An id that matches no message, for statements that require a list. */
const NOTHING = [''] as const;

const DONE = { kind: 'committed' } as const;

/** The outcome for a value that the database rejects; throws any other error. */
function rejectedOrThrow(error: unknown): { readonly kind: 'store-rejected'; readonly reason: string } {
  const reason = rejectionReason(error);
  if (reason === null) throw error;
  return { kind: 'store-rejected', reason };
}
