import type { Warn } from '../../events/beat-events.ts';
import { DatabaseError, type Database } from './database.ts';
import type { Statements } from './statements.ts';

/** Rows that workers have taken and that are kept, as a trace of what was delivered. */
const KEPT = 1_000;

/** How many rows are worth a pruning: few enough to keep nobody waiting. */
const BITE = 500;

/**
 * Removes rows that workers have taken. kombu leaves them for ever: the table would grow, and each look of
 * a worker into an empty queue might walk over all of them.
 */
export class Pruner {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #warn: Warn;
  /** A bite from the start: what an earlier beat left is seen at the first commit. */
  #due = BITE;

  constructor(db: Database, sql: Statements, warn: Warn = () => {}) {
    this.#db = db;
    this.#sql = sql;
    this.#warn = warn;
  }

  /**
   * To be called after so many messages were inserted. A step of its own, since what was committed must
   * not fail for it; so it never rejects, and one that failed is made up for by the next.
   */
  async prune(inserted: number): Promise<void> {
    this.#due += inserted;
    if (this.#due < BITE) return;
    const most = this.#due;
    this.#due = 0;
    try {
      const rows = await this.#db.read('broker.prune', this.#sql.findTaken(most, KEPT));
      const ids = rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
      if (ids.length > 0) await this.#db.write('broker.prune', this.#sql.deleteTaken(ids));
      // After a full bite there may be more: an old heap is worn down from commit to commit.
      if (ids.length === most) this.#due += BITE;
      this.#warn('pruning', null);
    } catch (error) {
      this.#due += most;
      // Any other failure is one of the server's, which the commits report.
      if (!(error instanceof DatabaseError) || error.fault !== 'denied') return;
      this.#warn('pruning', `Messages that workers have taken stay in the table: ${error.message}`);
    }
  }
}
