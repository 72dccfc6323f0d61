import { compare, isOfStoredEntries, type EncodedChange } from '../../contracts/store/commit.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import type { NamedText, Statements } from './statements.ts';
import { writeEntries } from './stored-entries.ts';

/** How many states one statement reads, so that none takes long. */
const PAGE = 5_000;

/** The states of entries, and the term whose leader may change them. */
export class SqlStates {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #prefix: string;

  constructor(db: Database, sql: Statements, prefix: string) {
    this.#db = db;
    this.#sql = sql;
    this.#prefix = prefix;
  }

  async find(
    entries: readonly string[],
    unreadable: OnUnreadable,
  ): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (const chunk of inChunks(entries, (entry) => entry.length)) {
      const statement = this.#sql.findStates(this.#prefix, chunk);
      for (const row of await this.#db.read('ledger.findStates', statement)) {
        addState(states, String(row['entry']), String(row['record']), unreadable);
      }
    }
    return states;
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    const states = new Map<string, EntryState>();
    for (let from = ''; ;) {
      const page = this.#sql.readStates(this.#prefix, from, PAGE);
      const rows = await this.#db.read('ledger.load', page);
      for (const row of rows) {
        from = String(row['entry']);
        addState(states, from, String(row['record']), unreadable);
      }
      if (rows.length < PAGE) return states;
    }
  }

  /** The token of the newest term; `null` for none. Locks it until the transaction ends. */
  async newestTerm(tx: Transaction): Promise<number | null> {
    const [row] = (await tx.run(this.#sql.selectTermForUpdate(this.#prefix))).rows;
    return row ? Number(row['number']) : null;
  }

  /** Compares changes with the states, in the transaction that commits them. */
  async check(
    tx: Transaction,
    token: number,
    changes: readonly EncodedChange[],
  ): Promise<ReturnType<typeof compare> | { readonly kind: 'fenced' }> {
    if ((await this.newestTerm(tx)) !== token) return { kind: 'fenced' };
    const stored = new Map<string, string | null>();
    const names = changes.map(({ entry }) => entry);
    const find = isOfStoredEntries(changes) ? 'findEntryStates' : 'findStates';
    for (const chunk of inChunks(names, (entry) => entry.length)) {
      const { rows } = await tx.run(this.#sql[find](this.#prefix, chunk));
      for (const row of rows) stored.set(String(row['entry']), row['record'] as string | null);
    }
    return compare(changes, (entry) => stored.get(entry));
  }

  async write(tx: Transaction, changes: readonly EncodedChange[]): Promise<void> {
    if (isOfStoredEntries(changes)) {
      await writeEntries(tx, this.#sql, this.#prefix, changes);
      return;
    }
    const states = changes.map(({ entry, after }): NamedText => [entry, after!]);
    for (const chunk of inChunks(states, ([entry, text]) => entry.length + text.length)) {
      await tx.run(this.#sql.writeStates(this.#prefix, chunk));
    }
  }

  /** Removes the state of an entry, unless a newer term has begun. */
  async remove(token: number, entry: string): Promise<boolean> {
    // Read before the transaction, so that databases without the table of stored entries need none.
    const statement = this.#sql.findEntryStates(this.#prefix, [entry]);
    const isStored = (await this.#db.read('ledger.removeState', statement)).length > 0;
    return this.#db.transaction('ledger.removeState', async (tx) => {
      if ((await this.newestTerm(tx)) !== token) return false;
      await tx.run(this.#sql.removeState(this.#prefix, entry));
      if (isStored) await tx.run(this.#sql.removeEntryState(this.#prefix, entry));
      return true;
    });
  }
}
