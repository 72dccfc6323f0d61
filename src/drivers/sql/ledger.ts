import { randomUUID } from 'node:crypto';
import { prepareEnvelope } from '../../celery/kombu/envelope.ts';
import { formatDestination, NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { type Commit, type CommitOutcome, conflictOfAll, encodeChange } from '../../contracts/store/commit.ts';
import { NO_HISTORY } from '../../contracts/store/history.ts';
import type { Ledger, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  type AppendOutcome,
  decodeOutboxMessage,
  encodeOutboxMessage,
  type Outbox,
  outboxMessages,
} from '../../contracts/store/outbox.ts';
import { StoreError } from '../../util/errors.ts';
import { inChunks } from './chunks.ts';
import { areFinished, finishCommands } from './command-log.ts';
import type { Database, Transaction } from './database.ts';
import { rejectionReason } from './database-error.ts';
import { encodeEnvelopes, insertMessages, type Prune } from './messages.ts';
import { operationOf, WITH_HISTORY } from './rights.ts';
import type { SqlHistory } from './history.ts';
import type { NamedText } from './statements.ts';
import { EARLIER_TABLE } from './tables.ts';
import type { SqlEntries } from './entries.ts';

export interface SqlLedgerOptions {
  readonly db: Database;
  readonly entries: SqlEntries;
  readonly prune: Prune;
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
export function createLedger(options: SqlLedgerOptions): Ledger & Outbox & StateRemoval {
  const { db, entries, prefix, queues, history, isFile } = options;
  const { sql } = db;
  let lastTerm = 0;
  /**
   * The last term that appended a message. Before the first message of a term, the ledger checks the right to remove
   * it: without that right, every term would publish the message again.
   */
  let appendedIn = 0;

  /** Commits in one transaction, in which `writeMessages` publishes the messages or appends them to the outbox. */
  const commitWith = async <T extends { readonly kind: 'committed' }>(
    method: 'ledger.commit' | 'outbox.append',
    commit: Commit,
    { writeMessages, repeat, published }: MessageSteps<T>,
  ): Promise<T | NotCommitted> => {
    const { token, changes, commands = [] } = commit;
    const encoded = changes.map(encodeChange);
    const added = history?.encode(changes) ?? NO_HISTORY;
    /** A missing right would roll the commit back, so on a server each removal is a transaction of its own. */
    const prune = async (tx?: Transaction): Promise<void> => {
      if (published !== null) await options.prune(published, tx);
      await history?.prune(added, tx ?? db.separately('history.prune'));
    };
    try {
      const operation = operationOf(method, commit, added.rows.length > 0);
      const { outcome, isWritten } = await db.transaction(operation, async (tx) => {
        const found = await entries.check(tx, token, encoded);
        if (typeof found === 'object') return { outcome: found, isWritten: false };
        if (found === 'repeated' && !(await areFinished(tx, sql, prefix, commands))) {
          return { outcome: conflictOfAll(changes), isWritten: false };
        }
        const isWritten = found === 'new';
        const outcome = isWritten ? await writeMessages(tx) : await repeat(tx);
        if (outcome.kind !== 'committed') return { outcome, isWritten: false };
        if (isWritten) await entries.write(tx, encoded);
        if (isWritten) await history?.write(tx, added);
        await finishCommands(tx, sql, prefix, commands);
        if (isWritten && isFile) await prune(tx);
        return { outcome, isWritten };
      });
      if (isWritten && !isFile) await prune();
      return outcome;
    } catch (error) {
      const reason = rejectionReason(error);
      if (reason === null) throw error;
      return { kind: 'store-rejected', reason };
    }
  };

  const findPending = async (tx: Transaction, ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const found = new Set<string>();
    for (const chunk of inChunks(ids, (id) => id.length)) {
      const { rows } = await tx.run(sql.findPending(prefix, chunk));
      for (const row of rows) found.add(String(row['id']));
    }
    return found;
  };

  return {
    // A server runs one transaction of a connection at a time; the next is encoded during it.
    batch: { size: 500, inFlight: isFile ? 1 : 2 },
    load: (unreadable) => entries.load(unreadable),
    findStates: (names, unreadable) => entries.findStates(names, unreadable),
    removeState: (token, entry) => entries.removeState(token, entry),

    async beginTerm() {
      // The server's time makes the token grow even if the ledger was emptied. The last token of this process does so
      // if both terms begin in one millisecond, or the server's clock was set back.
      await db.requireRights(`ledger.beginTerm${history ? WITH_HISTORY : ''}`);
      const columns = await db.read('ledger.beginTerm', sql.listColumns(EARLIER_TABLE.name));
      if (columns.some(({ name }) => name === EARLIER_TABLE.column)) {
        throw new StoreError(
          `ledger.beginTerm: the table ${EARLIER_TABLE.name} is of an earlier version of beat, which this one does not read; drop the tables of that version, or use another database`,
        );
      }
      const begin = sql.beginTerm(prefix, lastTerm + 1);
      lastTerm = await db.transaction('ledger.beginTerm', async (tx) => {
        await tx.run(begin);
        return (await entries.newestTerm(tx))!;
      });
      return lastTerm;
    },

    async commit(commit) {
      const messages = commit.changes.flatMap((change) => change.messages);
      const envelopes = messages.map((message) => encodeEnvelopes(message, queues));
      const unroutable = messages.find((_, i) => envelopes[i]!.length === 0);
      return commitWith('ledger.commit', commit, {
        published: messages.length,
        repeat: async () => DONE,
        writeMessages: async (tx) => {
          if (unroutable) {
            const reason = `ledger.commit: ${formatDestination(unroutable.destination)}: ${NO_QUEUE_BOUND}`;
            return { kind: 'store-rejected', reason };
          }
          await insertMessages(tx, sql, envelopes.flat());
          return DONE;
        },
      });
    },

    prepare: (message) => prepareEnvelope(message, randomUUID()),

    async append(commit) {
      const messages = outboxMessages(commit.changes);
      const rows = messages.map((each): NamedText => [each.id, encodeOutboxMessage(each)]);
      const outcome = await commitWith<Extract<AppendOutcome, { kind: 'committed' }>>('outbox.append', commit, {
        published: null,
        repeat: async (tx) => {
          const ids = messages.map(({ id }) => id);
          const found = await findPending(tx, ids);
          return { kind: 'committed', pending: messages.filter(({ id }) => found.has(id)) };
        },
        writeMessages: async (tx) => {
          if (commit.token !== appendedIn) await tx.run(sql.removeMessages(prefix, NOTHING));
          for (const chunk of inChunks(rows, ([id, text]) => id.length + text.length)) {
            await tx.run(sql.appendMessages(prefix, chunk));
          }
          return { kind: 'committed', pending: messages };
        },
      });
      if (outcome.kind === 'committed') appendedIn = commit.token;
      return outcome;
    },

    async pending(limit, after) {
      const rows = await db.read('outbox.pending', sql.readPending(prefix, after, limit));
      return rows.map(({ id, message }) => decodeOutboxMessage(String(id), String(message)));
    },

    async remove(token, ids, withdrawn = []) {
      const operation = withdrawn.length > 0 ? `outbox.remove${WITH_HISTORY}` : 'outbox.remove';
      return db.transaction(operation, async (tx) => {
        if ((await entries.newestTerm(tx)) !== token) return false;
        const names = withdrawn.map(({ messageId }) => messageId);
        const pending = await findPending(tx, names);
        const rows = withdrawn.filter(({ messageId }) => pending.has(messageId));
        await history?.writeRows(tx, rows);
        // Without ids, removing nothing checks the right to remove.
        for (const chunk of ids.length === 0 ? [NOTHING] : inChunks(ids, (id) => id.length)) {
          await tx.run(sql.removeMessages(prefix, chunk));
        }
        return true;
      });
    },

    async close() {},
  };
}

type NotCommitted = Exclude<CommitOutcome, { kind: 'committed' }>;

interface MessageSteps<T> {
  readonly writeMessages: (tx: Transaction) => Promise<T | NotCommitted>;
  /** Called instead if an earlier attempt was committed and its answer was lost. */
  readonly repeat: (tx: Transaction) => Promise<T>;
  /** The number of rows that kombu's table gets; `null` if the messages go to the outbox. */
  readonly published: number | null;
}

/** An id that matches no message, for statements that require a list. */
const NOTHING = [''] as const;

const DONE = { kind: 'committed' } as const;
