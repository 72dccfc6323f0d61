import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** Reads a SQLite file that beat uses, for tests that cannot read beat's log. */
export class SqliteQueue {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Waits until that many more messages are in its queues. */
  async waitForMessages(more: number): Promise<void> {
    const wanted = this.#countMessages() + more;
    // Reading touches the file as well, which would wake a file watcher endlessly.
    while (this.#countMessages() < wanted) await delay(50);
  }

  /** Returns the rows of the lock: none when it is free. */
  get locks(): unknown[] {
    using db = new DatabaseSync(this.#path, { readOnly: true });
    return db.prepare('SELECT * FROM beat_lock').all();
  }

  #countMessages(): number {
    if (!existsSync(this.#path)) return 0;
    try {
      using db = new DatabaseSync(this.#path, { readOnly: true });
      return Number(db.prepare('SELECT count(*) AS n FROM kombu_message').get()?.['n']);
    } catch {
      // The tables do not exist yet.
      return 0;
    }
  }
}
