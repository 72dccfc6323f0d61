import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** What stands in a SQLite file that beat uses: the only witness where its log cannot be read. */
export class SqliteQueue {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Waits until so many more messages are in its queues. */
  async waitForMessages(more: number): Promise<void> {
    const wanted = this.#messages() + more;
    // A reader touches the file too, so that to watch it would wake the watcher for ever.
    while (this.#messages() < wanted) await delay(50);
  }

  /** The rows of the lock: none when it is free. */
  get locks(): unknown[] {
    using db = new DatabaseSync(this.#path, { readOnly: true });
    return db.prepare('SELECT * FROM beat_lock').all();
  }

  #messages(): number {
    if (!existsSync(this.#path)) return 0;
    try {
      using db = new DatabaseSync(this.#path, { readOnly: true });
      return Number(db.prepare('SELECT count(*) AS n FROM kombu_message').get()?.['n']);
    } catch {
      // The tables are being made.
      return 0;
    }
  }
}
