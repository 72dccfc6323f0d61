import type { Clock } from '../../util/clock.ts';
import type { OnUnreadable, RecordRemoval } from '../../store/ledger.ts';
import { addRecord, encodeRecord } from '../../store/ledger.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../../store/ledger.ts';
import { keptMessages } from '../../store/outbox.ts';
import type { KeepOutcome, KeptMessage, Outbox } from '../../store/outbox.ts';
import { decodeMessage, encodeMessage } from '../../message/text.ts';
import { nameOf, UNRECEIVED } from '../../message/destination.ts';
import type { Queues } from '../../routing/queues.ts';
import type { Database, OpenFile } from './database.ts';
import { insertRows, Pruner, toRows } from './messages.ts';
import { BEGIN_TERM, READ_RECORD, READ_RECORDS, READ_TERM, WRITE_RECORD } from './statements.ts';
import { REMOVE_RECORD } from './statements.ts';
import { FORGET_MESSAGE, IS_KEPT, KEEP_MESSAGE, READ_KEPT } from './statements.ts';

export interface SqliteLedgerOptions {
  readonly prefix: string;
  readonly queues: Queues;
  readonly clock: Clock;
}

/**
 * A ledger in the tables beside kombu's: one transaction checks the term, sends and records; or, for a
 * broker that is not this file, keeps and records.
 */
export class SqliteLedger implements Ledger, Outbox, RecordRemoval {
  /** SQLite has one writer. Larger batches are hardly faster, and the process stands still meanwhile. */
  readonly batch = { size: 500, inFlight: 1 };
  readonly #db: Database;
  readonly #prefix: string;
  readonly #queues: Queues;
  readonly #clock: Clock;
  readonly #pruner = new Pruner();
  #lastTerm = 0;

  constructor(db: Database, { prefix, queues, clock }: SqliteLedgerOptions) {
    this.#db = db;
    this.#prefix = prefix;
    this.#queues = queues;
    this.#clock = clock;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, LedgerRecord>> {
    // Listing what was never sent should leave no file behind.
    if (!this.#db.exists()) return new Map();
    return this.#db.read('ledger.load', (db) => {
      const records = new Map<string, LedgerRecord>();
      for (const row of db.sql(READ_RECORDS).iterate(this.#prefix)) {
        addRecord(records, String(row['entry']), String(row['record']), unreadable);
      }
      return records;
    });
  }

  async beginTerm(): Promise<number> {
    // The time keeps the number growing over a ledger that was emptied; the last one of this process
    // does when both terms begin in one millisecond, or the clock was set back.
    const lowest = Math.max(this.#clock.now(), this.#lastTerm + 1);
    this.#lastTerm = await this.#db.write('ledger.beginTerm', (db) => {
      return db.sql(BEGIN_TERM).get(this.#prefix, lowest)!['number'] as number;
    });
    return this.#lastTerm;
  }

  async commit(term: number, changes: readonly Change[]): Promise<CommitOutcome> {
    const messages = changes.flatMap((change) => change.messages);
    const rows = messages.map((message) => toRows(message, this.#queues));
    const lost = messages.find((_, i) => rows[i]!.length === 0);
    const encoded = changes.map(encode);
    return this.#db.write('ledger.commit', (db) => {
      const found = this.#check(db, term, encoded);
      if (found === 'repeated') return { kind: 'committed' };
      if (found !== 'as expected') return found;
      if (lost)
        return {
          kind: 'declined',
          reason: `ledger.commit: ${nameOf(lost.destination)}: ${UNRECEIVED}`,
        };
      insertRows(db, rows.flat());
      this.#writeRecords(db, encoded);
      this.#pruner.prune(db, rows.length);
      return { kind: 'committed' };
    });
  }

  async keep(term: number, changes: readonly Change[]): Promise<KeepOutcome> {
    const kept = keptMessages(changes);
    const rows = kept.map(({ id, message }) => ({ id, text: encodeMessage(message) }));
    const encoded = changes.map(encode);
    return this.#db.write('outbox.keep', (db) => {
      const found = this.#check(db, term, encoded);
      if (found === 'repeated') {
        const isKept = db.sql(IS_KEPT);
        return { kind: 'committed', kept: kept.filter(({ id }) => isKept.get(this.#prefix, id)) };
      }
      if (found !== 'as expected') return found;
      const keep = db.sql(KEEP_MESSAGE);
      for (const { id, text } of rows) keep.run(this.#prefix, id, text);
      this.#writeRecords(db, encoded);
      return { kind: 'committed', kept };
    });
  }

  async kept(limit: number, after: string): Promise<readonly KeptMessage[]> {
    const rows = await this.#db.read('outbox.kept', (db) =>
      db.sql(READ_KEPT).all(this.#prefix, after, limit),
    );
    return rows.map(({ id, message }) => ({
      id: id as string,
      message: decodeMessage(message as string),
    }));
  }

  async forget(term: number, ids: readonly string[]): Promise<boolean> {
    return this.#db.write('outbox.forget', (db) => {
      if (!this.#isNewest(db, term)) return false;
      const forget = db.sql(FORGET_MESSAGE);
      for (const id of ids) forget.run(this.#prefix, id);
      return true;
    });
  }

  async removeRecord(term: number, entry: string): Promise<boolean> {
    return this.#db.write('ledger.removeRecord', (db) => {
      if (!this.#isNewest(db, term)) return false;
      db.sql(REMOVE_RECORD).run(this.#prefix, entry);
      return true;
    });
  }

  async close(): Promise<void> {}

  #isNewest(db: OpenFile, term: number): boolean {
    return db.sql(READ_TERM).get(this.#prefix)?.['number'] === term;
  }

  #check(db: OpenFile, term: number, changes: readonly Encoded[]) {
    if (!this.#isNewest(db, term)) return { kind: 'superseded' } as const;
    const read = db.sql(READ_RECORD);
    const entries: string[] = [];
    let repeated = 0;
    for (const { entry, expected, record } of changes) {
      const found = (read.get(this.#prefix, entry)?.['record'] as string | undefined) ?? null;
      if (found === record) repeated++;
      if (found !== expected) entries.push(entry);
    }
    if (repeated === changes.length) return 'repeated';
    return entries.length > 0 ? ({ kind: 'conflict', entries } as const) : 'as expected';
  }

  #writeRecords(db: OpenFile, changes: readonly Encoded[]): void {
    const write = db.sql(WRITE_RECORD);
    for (const { entry, record } of changes) write.run(this.#prefix, entry, record);
  }
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
