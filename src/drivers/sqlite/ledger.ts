import { formatDestination, NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { compare, encodeChange, isOfStoredEntries } from '../../contracts/store/commit.ts';
import type { Commit, CommitOutcome, EncodedChange } from '../../contracts/store/commit.ts';
import { addState, type EntryState, type OnUnreadable } from '../../contracts/store/entry-state.ts';
import { NO_HISTORY } from '../../contracts/store/history.ts';
import type { Ledger, StateLookup, StateRemoval } from '../../contracts/store/ledger.ts';
import {
  decodeOutboxMessage,
  encodeOutboxMessage,
  outboxMessages,
} from '../../contracts/store/outbox.ts';
import type {
  AppendOutcome,
  Outbox,
  PendingMessage,
  WithdrawnRow,
} from '../../contracts/store/outbox.ts';
import type { Clock } from '../../util/clock.ts';
import { finishCommands } from './command-log.ts';
import type { Database, OpenFile } from './database.ts';
import type { SqliteHistory } from './history.ts';
import { insertRows, Pruner, toRows } from './messages.ts';
import { BEGIN_TERM, READ_STATE, READ_STATES, READ_TERM, WRITE_STATE } from './statements.ts';
import { READ_ENTRY_STATE, REMOVE_ENTRY_STATE, REMOVE_STATE } from './statements.ts';
import { APPEND_MESSAGE, IS_PENDING, READ_PENDING, REMOVE_MESSAGE } from './statements.ts';
import { writeEntries } from './stored-entries.ts';

export interface SqliteLedgerOptions {
  readonly prefix: string;
  readonly queues: Queues;
  readonly clock: Clock;
  /** What commits append to; `null` for none. */
  readonly history: SqliteHistory | null;
}

/**
 * A ledger in tables beside kombu's. One transaction checks the term, publishes the messages and writes the states.
 * For a broker outside this file, it appends the messages to the outbox instead of publishing them.
 */
export class SqliteLedger implements Ledger, Outbox, StateRemoval, StateLookup {
  /** SQLite has one writer. Larger batches are hardly faster, and block the process longer. */
  readonly batch = { size: 500, inFlight: 1 };
  readonly #db: Database;
  readonly #prefix: string;
  readonly #queues: Queues;
  readonly #clock: Clock;
  readonly #history: SqliteHistory | null;
  readonly #pruner = new Pruner();
  #lastTerm = 0;

  constructor(db: Database, { prefix, queues, clock, history }: SqliteLedgerOptions) {
    this.#db = db;
    this.#prefix = prefix;
    this.#queues = queues;
    this.#clock = clock;
    this.#history = history;
  }

  async findStates(
    entries: readonly string[],
    unreadable: OnUnreadable,
  ): Promise<Map<string, EntryState>> {
    if (!this.#db.exists()) return new Map();
    return this.#db.read('ledger.findStates', (db) => {
      const states = new Map<string, EntryState>();
      for (const entry of entries) {
        const row = db.sql(READ_STATE).get(this.#prefix, entry);
        if (row) addState(states, entry, String(row['record']), unreadable);
      }
      return states;
    });
  }

  async load(unreadable?: OnUnreadable): Promise<Map<string, EntryState>> {
    // `beat list` must not create the file.
    if (!this.#db.exists()) return new Map();
    return this.#db.read('ledger.load', (db) => {
      const states = new Map<string, EntryState>();
      for (const row of db.sql(READ_STATES).iterate(this.#prefix)) {
        addState(states, String(row['entry']), String(row['record']), unreadable);
      }
      return states;
    });
  }

  async beginTerm(): Promise<number> {
    // The time makes the token grow even if the file was replaced. The last token of this process does so if both
    // terms begin in the same millisecond or the clock was set back.
    const lowest = Math.max(this.#clock.now(), this.#lastTerm + 1);
    this.#lastTerm = await this.#db.write('ledger.beginTerm', (db) => {
      return db.sql(BEGIN_TERM).get(this.#prefix, lowest)!['number'] as number;
    });
    return this.#lastTerm;
  }

  async commit({ token, changes, commands = [] }: Commit): Promise<CommitOutcome> {
    const messages = changes.flatMap((change) => change.messages);
    const rows = messages.map((message) => toRows(message, this.#queues));
    const unroutable = messages.find((_, i) => rows[i]!.length === 0);
    const encoded = changes.map(encodeChange);
    const history = this.#history?.encode(changes) ?? NO_HISTORY;
    return this.#db.write('ledger.commit', (db) => {
      const found = this.#check(db, token, encoded);
      if (typeof found === 'object') return found;
      if (unroutable && found === 'new') {
        const destination = formatDestination(unroutable.destination);
        const reason = `ledger.commit: ${destination}: ${NO_QUEUE_BOUND}`;
        return { kind: 'store-rejected', reason };
      }
      finishCommands(db, this.#prefix, commands);
      if (found === 'repeated') return { kind: 'committed' };
      insertRows(db, rows.flat());
      this.#writeStates(db, encoded);
      this.#history?.write(db, history);
      this.#pruner.prune(db, rows.length);
      return { kind: 'committed' };
    });
  }

  async append({ token, changes, commands = [] }: Commit): Promise<AppendOutcome> {
    const messages = outboxMessages(changes);
    const rows = messages.map((each) => ({ id: each.id, text: encodeOutboxMessage(each) }));
    const encoded = changes.map(encodeChange);
    const history = this.#history?.encode(changes) ?? NO_HISTORY;
    return this.#db.write('outbox.append', (db) => {
      const found = this.#check(db, token, encoded);
      if (typeof found === 'object') return found;
      finishCommands(db, this.#prefix, commands);
      if (found === 'repeated') {
        const isPending = db.sql(IS_PENDING);
        const pending = messages.filter(({ id }) => isPending.get(this.#prefix, id));
        return { kind: 'committed', pending };
      }
      const append = db.sql(APPEND_MESSAGE);
      for (const { id, text } of rows) append.run(this.#prefix, id, text);
      this.#writeStates(db, encoded);
      this.#history?.write(db, history);
      return { kind: 'committed', pending: messages };
    });
  }

  async pending(limit: number, after: string): Promise<readonly PendingMessage[]> {
    const rows = await this.#db.read('outbox.pending', (db) =>
      db.sql(READ_PENDING).all(this.#prefix, after, limit),
    );
    return rows.map(({ id, message }) => decodeOutboxMessage(String(id), String(message)));
  }

  async remove(
    token: number,
    ids: readonly string[],
    withdrawn: readonly WithdrawnRow[] = [],
  ): Promise<boolean> {
    return this.#db.write('outbox.remove', (db) => {
      if (!this.#isNewest(db, token)) return false;
      const isPending = db.sql(IS_PENDING);
      this.#history?.writeRows(
        db,
        withdrawn.filter(({ messageId }) => isPending.get(this.#prefix, messageId)),
      );
      const remove = db.sql(REMOVE_MESSAGE);
      for (const id of ids) remove.run(this.#prefix, id);
      return true;
    });
  }

  async removeState(token: number, entry: string): Promise<boolean> {
    return this.#db.write('ledger.removeState', (db) => {
      if (!this.#isNewest(db, token)) return false;
      for (const sql of [REMOVE_STATE, REMOVE_ENTRY_STATE]) db.sql(sql).run(this.#prefix, entry);
      return true;
    });
  }

  async close(): Promise<void> {}

  #isNewest(db: OpenFile, token: number): boolean {
    return db.sql(READ_TERM).get(this.#prefix)?.['number'] === token;
  }

  #check(db: OpenFile, token: number, changes: readonly EncodedChange[]) {
    if (!this.#isNewest(db, token)) return { kind: 'fenced' } as const;
    const read = db.sql(isOfStoredEntries(changes) ? READ_ENTRY_STATE : READ_STATE);
    return compare(changes, (entry) => {
      return read.get(this.#prefix, entry)?.['record'] as string | null | undefined;
    });
  }

  #writeStates(db: OpenFile, changes: readonly EncodedChange[]): void {
    if (isOfStoredEntries(changes)) {
      writeEntries(db, this.#prefix, changes);
      return;
    }
    const write = db.sql(WRITE_STATE);
    for (const { entry, after } of changes) write.run(this.#prefix, entry, after);
  }
}
