import type { OnUnreadable, RecordRemoval } from '../../store/ledger.ts';
import { addRecord, encodeRecord } from '../../store/ledger.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../../store/ledger.ts';
import { keptMessages } from '../../store/outbox.ts';
import type { KeepOutcome, KeptMessage, Outbox } from '../../store/outbox.ts';
import { decodeMessage, encodeMessage } from '../../message/text.ts';
import { nameOf, UNRECEIVED } from '../../message/destination.ts';
import type { Queues } from '../../routing/queues.ts';
import { inBites } from './bites.ts';
import type { Database, Transaction } from './database.ts';
import { declined } from './declined.ts';
import { envelopesOf, insertMessages } from './messages.ts';
import type { Pruner } from './pruner.ts';
import type { Named, Statements } from './statements.ts';

/** Records that one look brings: however many there are, none of them takes long. */
const PAGE = 5_000;

export interface SqlLedgerOptions {
  readonly db: Database;
  readonly sql: Statements;
  readonly pruner: Pruner;
  readonly prefix: string;
  readonly queues: Queues;
}

/**
 * A ledger in the tables beside kombu's: one transaction checks the term, sends and records; or, for a
 * broker that is not this database, keeps and records. Every transaction holds the term's row from its
 * check to its end, so that a new term begins before it or after it, and never meanwhile.
 */
export class SqlLedger implements Ledger, Outbox, RecordRemoval {
  /** One connection does one transaction at a time; the next is encoded meanwhile. */
  readonly batch = { size: 500, inFlight: 2 };
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #prefix: string;
  readonly #pruner: Pruner;
  readonly #queues: Queues;
  #lastTerm = 0;
  /**
   * The last term in which a message was kept. Before the first of a term the right to forget is checked: what
   * cannot be forgotten would be published by every term anew.
   */
  #keptIn = 0;

  constructor({ db, sql, pruner, prefix, queues }: SqlLedgerOptions) {
    this.#db = db;
    this.#sql = sql;
    this.#prefix = prefix;
    this.#pruner = pruner;
    this.#queues = queues;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>> {
    const records = new Map<string, LedgerRecord>();
    for (let from = ''; ;) {
      const page = this.#sql.readRecords(this.#prefix, from, PAGE);
      const rows = await this.#db.read('ledger.load', page);
      for (const row of rows) {
        from = String(row['entry']);
        addRecord(records, from, String(row['record']), unreadable);
      }
      if (rows.length < PAGE) return records;
    }
  }

  async beginTerm(): Promise<number> {
    // The server's time keeps the number growing over a ledger that was emptied; the last one of this
    // process does when both terms begin in one millisecond, or that clock was set back.
    await this.#db.requireRights('ledger.beginTerm');
    const begin = this.#sql.beginTerm(this.#prefix, this.#lastTerm + 1);
    this.#lastTerm = await this.#db.transaction('ledger.beginTerm', async (tx) => {
      await tx.run(begin);
      return (await this.#newest(tx))!;
    });
    return this.#lastTerm;
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const encoded = changes.map(encode);
    const messages = changes.flatMap((change) => change.messages);
    const envelopes = messages.map((message) => envelopesOf(message, this.#queues));
    const lost = messages.find((_, i) => envelopes[i]!.length === 0);
    try {
      const outcome = await this.#db.transaction<Commit>('ledger.commit', async (tx) => {
        const found = await this.#check(tx, term, encoded);
        if (found !== 'as expected') return found;
        if (lost)
          return {
            kind: 'declined',
            reason: `ledger.commit: ${nameOf(lost.destination)}: ${UNRECEIVED}`,
          };
        await insertMessages(tx, this.#sql, envelopes.flat());
        await this.#writeRecords(tx, encoded);
        return DONE;
      });
      if (outcome === DONE) await this.#pruner.prune(envelopes.length);
      return outcome === 'repeated' ? DONE : outcome;
    } catch (error) {
      return orThrow(error);
    }
  }

  async keep(term: number, changes: readonly Change[]): Promise<KeepOutcome> {
    const kept = keptMessages(changes);
    const rows = kept.map(({ id, message }): Named => [id, encodeMessage(message)]);
    const encoded = changes.map(encode);
    try {
      return await this.#db.transaction<KeepOutcome>('outbox.keep', async (tx) => {
        const found = await this.#check(tx, term, encoded);
        if (found === 'repeated') return { ...DONE, kept: await this.#stillKept(tx, kept) };
        if (found !== 'as expected') return found;
        if (term !== this.#keptIn) await tx.run(this.#sql.forgetMessages(this.#prefix, NOTHING));
        for (const bite of inBites(rows, sizeOf)) {
          await tx.run(this.#sql.keepMessages(this.#prefix, bite));
        }
        await this.#writeRecords(tx, encoded);
        this.#keptIn = term;
        return { ...DONE, kept };
      });
    } catch (error) {
      return orThrow(error);
    }
  }

  async kept(limit: number, after: string): Promise<readonly KeptMessage[]> {
    const statement = this.#sql.readKept(this.#prefix, after, limit);
    const rows = await this.#db.read('outbox.kept', statement);
    return rows.map(({ id, message }) => ({
      id: String(id),
      message: decodeMessage(String(message)),
    }));
  }

  async forget(term: number, ids: readonly string[]): Promise<boolean> {
    return this.#db.transaction('outbox.forget', async (tx) => {
      if ((await this.#newest(tx)) !== term) return false;
      // To forget nothing shows whether messages can be forgotten.
      for (const bite of ids.length === 0 ? [NOTHING] : inBites(ids, (id) => id.length)) {
        await tx.run(this.#sql.forgetMessages(this.#prefix, bite));
      }
      return true;
    });
  }

  async removeRecord(term: number, entry: string): Promise<boolean> {
    return this.#db.transaction('ledger.removeRecord', async (tx) => {
      if ((await this.#newest(tx)) !== term) return false;
      await tx.run(this.#sql.removeRecord(this.#prefix, entry));
      return true;
    });
  }

  async close(): Promise<void> {}

  async #newest(tx: Transaction): Promise<number | null> {
    const [row] = (await tx.run(this.#sql.holdTerm(this.#prefix))).rows;
    return row ? Number(row['number']) : null;
  }

  async #check(tx: Transaction, term: number, changes: readonly Encoded[]) {
    if ((await this.#newest(tx)) !== term) return { kind: 'superseded' } as const;
    const found = new Map<string, string>();
    const names = changes.map(({ entry }) => entry);
    for (const bite of inBites(names, (entry) => entry.length)) {
      const { rows } = await tx.run(this.#sql.findRecords(this.#prefix, bite));
      for (const row of rows) found.set(String(row['entry']), String(row['record']));
    }
    const stands = (entry: string) => found.get(entry) ?? null;
    if (changes.every(({ entry, record }) => stands(entry) === record)) return 'repeated';
    const others = changes.filter(({ entry, expected }) => stands(entry) !== expected);
    const entries = others.map(({ entry }) => entry);
    return entries.length > 0 ? ({ kind: 'conflict', entries } as const) : 'as expected';
  }

  async #writeRecords(tx: Transaction, changes: readonly Encoded[]): Promise<void> {
    const records = changes.map(({ entry, record }): Named => [entry, record]);
    for (const bite of inBites(records, sizeOf)) {
      await tx.run(this.#sql.writeRecords(this.#prefix, bite));
    }
  }

  async #stillKept(tx: Transaction, kept: readonly KeptMessage[]): Promise<KeptMessage[]> {
    const ids = new Set<string>();
    const all = kept.map(({ id }) => id);
    for (const bite of inBites(all, (id) => id.length)) {
      const { rows } = await tx.run(this.#sql.findKept(this.#prefix, bite));
      for (const row of rows) ids.add(String(row['id']));
    }
    return kept.filter(({ id }) => ids.has(id));
  }
}

/** What a transaction makes of a commit, which may have been made before. */
type Commit = CommitOutcome | 'repeated';

/** Ids that no message has: a list must not be empty. */
const NOTHING = [''] as const;

const DONE = { kind: 'committed' } as const;

/** What the database will not do, though it can be reached, is told apart from what failed. */
function orThrow(error: unknown): { readonly kind: 'declined'; readonly reason: string } {
  const reason = declined(error);
  if (reason === null) throw error;
  return { kind: 'declined', reason };
}

function sizeOf([name, text]: Named): number {
  return name.length + text.length;
}

interface Encoded {
  readonly entry: string;
  readonly expected: string | null;
  readonly record: string;
}

/** Made before the transaction, which keeps others waiting. */
function encode({ entry, expected, record }: Change): Encoded {
  return { entry, expected: expected && encodeRecord(expected), record: encodeRecord(record) };
}
