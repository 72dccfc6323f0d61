import {
  AUDIT_ROWS,
  isReadable,
  takePage,
  type CommandLog,
  type FinishedCommand,
  type PendingCommand,
  type StoredAudit,
} from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import type { Database, OpenFile } from './database.ts';
import {
  APPEND_COMMAND,
  FIND_AUDIT,
  READ_AUDIT,
  READ_COMMAND,
  READ_COMMAND_SIZES,
  REMOVE_AUDIT,
  REMOVE_COMMAND,
  TRIM_AUDIT,
  WRITE_AUDIT,
} from './statements.ts';

/** How often a leader polls for commands. Milliseconds. */
const POLL_INTERVAL = 50;

export class SqliteCommandLog implements CommandLog {
  readonly #db: Database;
  readonly #prefix: string;
  readonly #clock: Clock;

  constructor(db: Database, prefix: string, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async append(json: string): Promise<void> {
    await this.#db.write('commands.append', (db) => db.sql(APPEND_COMMAND).run(this.#prefix, json));
  }

  async pending(limit: number): Promise<readonly PendingCommand[]> {
    if (!this.#db.exists()) return [];
    return this.#db.read('commands.pending', (db) => {
      const oldest = db.sql(READ_COMMAND_SIZES).all(this.#prefix, limit);
      const unread = oldest.map(({ key, bytes }) => ({ key: String(key), bytes: Number(bytes) }));
      const read = db.sql(READ_COMMAND);
      return takePage(unread).flatMap((each): PendingCommand[] => {
        if (!isReadable(each)) return [{ key: each.key, json: null }];
        const row = read.get(this.#prefix, Number(each.key));
        return row ? [{ key: each.key, json: String(row['json']) }] : [];
      });
    });
  }

  async findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (!this.#db.exists()) return new Map();
    return this.#db.read('commands.findAudit', (db) => {
      const find = db.sql(FIND_AUDIT);
      return new Map(
        ids.flatMap((id) => {
          const row = find.get(this.#prefix, id);
          return row ? [[id, String(row['json'])] as const] : [];
        }),
      );
    });
  }

  async readAudit(limit: number): Promise<readonly StoredAudit[]> {
    if (!this.#db.exists()) return [];
    return this.#db.read('commands.readAudit', (db) =>
      db
        .sql(READ_AUDIT)
        .all(this.#prefix, limit)
        .map(({ id, json }) => ({ id: String(id), json: String(json) })),
    );
  }

  async removeAudit(id: string): Promise<void> {
    await this.#db.write('commands.removeAudit', (db) =>
      db.sql(REMOVE_AUDIT).run(this.#prefix, id),
    );
  }

  async waitForCommand(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if ((await this.pending(1)).length > 0) return;
      } catch {
        // The leader's next commit reports an unreadable file.
      }
      await this.#clock.sleep(POLL_INTERVAL, signal);
    }
  }
}

/** Removes commands from the log, and adds their audit rows. Part of the transaction of a commit. */
export function finishCommands(
  db: OpenFile,
  prefix: string,
  finished: readonly FinishedCommand[],
): void {
  for (const { key, id, audit } of finished) {
    db.sql(REMOVE_COMMAND).run(prefix, Number(key));
    if (id !== null) db.sql(WRITE_AUDIT).run(prefix, id, audit);
  }
  if (finished.length > 0) db.sql(TRIM_AUDIT).run(prefix, prefix, AUDIT_ROWS);
}
