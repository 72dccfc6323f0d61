import type { Clock } from '../clock.ts';
import { decodeRecord, encodeRecord } from '../ledger/ledger.ts';
import type { Change, CommitOutcome, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { Database, OpenFile } from './database.ts';
import { insertRows, Pruner, toRow } from './messages.ts';
import type { Row } from './messages.ts';
import { BEGIN_TERM, READ_RECORD, READ_RECORDS, READ_TERM, WRITE_RECORD } from './statements.ts';

/** A ledger in the tables beside kombu's: one transaction checks the term, sends and records. */
export class SqliteLedger implements Ledger {
  /** SQLite has one writer. Larger batches are hardly faster, and the process stands still meanwhile. */
  readonly batch = { size: 500, inFlight: 1 };
  readonly #db: Database;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #pruner = new Pruner();
  #lastTerm = 0;

  constructor(db: Database, prefix: string, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async load(): Promise<Map<string, LedgerRecord>> {
    // Listing what was never sent should leave no file behind.
    if (!this.#db.exists()) return new Map();
    return this.#db.read('ledger.load', (db) => {
      const records = new Map<string, LedgerRecord>();
      for (const row of db.sql(READ_RECORDS).iterate(this.#prefix)) {
        const entry = row['entry'] as string;
        records.set(entry, decodeRecord(entry, row['record'] as string));
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
    const rows = changes.flatMap((change) => change.messages.map(toRow));
    const encoded = changes.map(({ entry, expected, record }) => ({
      entry,
      expected: expected && encodeRecord(expected),
      record: encodeRecord(record),
    }));
    return this.#db.write('ledger.commit', (db) => this.#apply(db, term, encoded, rows));
  }

  async close(): Promise<void> {}

  #apply(
    db: OpenFile,
    term: number,
    changes: readonly Encoded[],
    rows: readonly Row[],
  ): CommitOutcome {
    const newest = db.sql(READ_TERM).get(this.#prefix)?.['number'];
    if (newest !== term) return { kind: 'superseded' };

    const read = db.sql(READ_RECORD);
    const unexpected: string[] = [];
    let repeated = 0;
    for (const { entry, expected, record } of changes) {
      const found = (read.get(this.#prefix, entry)?.['record'] as string | undefined) ?? null;
      if (found === record) repeated++;
      if (found !== expected) unexpected.push(entry);
    }
    if (repeated === changes.length) return { kind: 'committed' };
    if (unexpected.length > 0) return { kind: 'conflict', entries: unexpected };

    insertRows(db, rows);
    const write = db.sql(WRITE_RECORD);
    for (const { entry, record } of changes) write.run(this.#prefix, entry, record);
    this.#pruner.prune(db, rows.length);
    return { kind: 'committed' };
  }
}

interface Encoded {
  readonly entry: string;
  readonly expected: string | null;
  readonly record: string;
}
