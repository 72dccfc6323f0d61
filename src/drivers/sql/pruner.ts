import type { Warn } from '../../contracts/events/beat-events.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';
import type { Statements } from './statements.ts';

/** The newest consumed rows, which are kept as a trace of what was delivered. */
const RETAINED = 1_000;

/** How many insertions lead to a pruning, and the size of one: few enough to block no worker for long. */
const BATCH = 500;

/**
 * Removes rows that workers have consumed. kombu never does: the table would grow, and a worker that reads an
 * empty queue might scan all of them.
 */
export class Pruner {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #warn: Warn;
  /** A batch from the start, so that the first commit finds what an earlier process left. */
  #due = BATCH;

  constructor(db: Database, sql: Statements, warn: Warn = () => {}) {
    this.#db = db;
    this.#sql = sql;
    this.#warn = warn;
  }

  /**
   * Called after each insertion, with the number of messages. A commit must not fail because of it: it never rejects, and
   * the next call repeats what failed.
   */
  async prune(inserted: number, tx = this.#db.separately('broker.prune')): Promise<void> {
    this.#due += inserted;
    if (this.#due < BATCH) return;
    const limit = this.#due;
    this.#due = 0;
    try {
      const { rows } = await tx.run(this.#sql.findConsumed(limit, RETAINED));
      const ids = rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
      if (ids.length > 0) await tx.run(this.#sql.deleteConsumed(ids));
      // After a full batch there may be more rows: the next commit removes another batch.
      if (ids.length === limit) this.#due += BATCH;
      this.#warn('pruning', null);
    } catch (error) {
      this.#due += limit;
      // Commits report any other failure.
      if (!(error instanceof DatabaseError) || error.kind !== 'denied') return;
      this.#warn('pruning', `Consumed messages stay in the table kombu_message: ${error.message}`);
    }
  }
}
