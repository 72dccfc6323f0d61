import {
  AUDIT_ROWS,
  isReadable,
  takePage,
  type CommandLog,
  type FinishedCommand,
  type PendingCommand,
} from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import { waitAtMost } from '../../util/wait.ts';
import { inChunks } from './chunks.ts';
import type { Database, Transaction } from './database.ts';
import { DatabaseError } from './database-error.ts';
import type { Topic } from './notifications.ts';
import type { NamedText, Statements } from './statements.ts';

/** How often a leader polls for commands if the server has no notifications. Milliseconds. */
const POLL_INTERVAL = 50;

/** How often a leader polls beside notifications, which may be lost, or not sent by other programs. Milliseconds. */
const FALLBACK_INTERVAL = 1_000;

/** `arrivals` notifies of new commands; `null` if the server has no notifications. */
export function createCommandLog(db: Database, prefix: string, arrivals: Topic | null, clock: Clock): CommandLog {
  const { sql } = db;
  return {
    async append(json) {
      await db.write('commands.append', sql.appendCommand(prefix, json));
    },
    async pending(limit) {
      arrivals?.reset();
      const oldest = await db.read('commands.pending', sql.readCommandSizes(prefix, limit));
      const page = takePage(oldest.map(({ position, bytes }) => ({ key: String(position), bytes: Number(bytes) })));
      const keys = page.filter(isReadable).map(({ key }) => key);
      const rows = keys.length === 0 ? [] : await db.read('commands.pending', sql.readCommands(prefix, keys));
      const texts = new Map(rows.map(({ position, json }) => [String(position), String(json)]));
      return page.flatMap((each): PendingCommand[] => {
        const json = isReadable(each) ? texts.get(each.key) : null;
        // Another leader may have removed the command since.
        return json === undefined ? [] : [{ key: each.key, json }];
      });
    },
    async findAudit(ids) {
      if (ids.length === 0) return new Map();
      const rows = await db.read('commands.findAudit', sql.findAudit(prefix, ids));
      return new Map(rows.map(({ id, json }) => [String(id), String(json)]));
    },
    async readAudit(limit) {
      const rows = await db.read('commands.readAudit', sql.readAudit(prefix, limit));
      return rows.map(({ id, json }) => ({ id: String(id), json: String(json) }));
    },
    async removeAudit(id) {
      await db.write('commands.removeAudit', sql.removeAudit(prefix, id));
    },
    async waitForCommand(signal) {
      if (arrivals) return waitAtMost(clock, FALLBACK_INTERVAL, signal, (either) => arrivals.wait(either));
      while (!signal.aborted) {
        try {
          const rows = await db.read('commands.wait', sql.readCommandSizes(prefix, 1));
          if (rows.length > 0) return;
        } catch (error) {
          // `pending` reports a missing right, and the leader's commits an unreachable server.
          if (error instanceof DatabaseError && error.kind === 'denied') return;
        }
        await clock.sleep(POLL_INTERVAL, signal);
      }
    },
  };
}

/** Whether these commands have audit rows, as after the first run of a repeated commit. */
export async function areFinished(
  tx: Transaction,
  sql: Statements,
  prefix: string,
  commands: readonly FinishedCommand[],
): Promise<boolean> {
  const ids = commands.flatMap(({ id }) => id ?? []);
  for (const chunk of inChunks(ids, (id) => id.length)) {
    const { rows } = await tx.run(sql.findAudit(prefix, chunk));
    if (rows.length < chunk.length) return false;
  }
  return true;
}

/** Removes commands from the log and adds their audit rows, in the transaction of a commit. */
export async function finishCommands(
  tx: Transaction,
  sql: Statements,
  prefix: string,
  finished: readonly FinishedCommand[],
): Promise<void> {
  if (finished.length === 0) return;
  const keys = finished.map(({ key }) => key);
  for (const chunk of inChunks(keys, (key) => key.length)) {
    await tx.run(sql.removeCommands(prefix, chunk));
  }
  const rows = finished.flatMap(({ id, audit }): NamedText[] => (id === null ? [] : [[id, audit]]));
  for (const chunk of inChunks(rows, ([id, audit]) => id.length + audit.length)) {
    await tx.run(sql.writeAudit(prefix, chunk));
  }
  await tx.run(sql.trimAudit(prefix, AUDIT_ROWS));
}
