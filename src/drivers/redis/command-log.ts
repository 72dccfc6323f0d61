import {
  AUDIT_ROWS,
  MAX_COMMAND,
  PAGE_BYTES,
  type CommandLog,
  type FinishedCommand,
} from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import type { Notifications } from './connection/notifications.ts';
import { loadScript } from './scripts/script.ts';

/** How often a leader polls for commands whose notification was lost or could not be published. Milliseconds. */
const POLL_INTERVAL = 1_000;

const APPEND_COMMAND = loadScript('append-command');
const READ_COMMANDS = loadScript('read-commands');

/**
 * Commands in a Redis list. A command's key is its text, or that of `long_key`: the leader removes the first element
 * that has the key.
 */
export function redisCommandLog(
  connection: Connection,
  { commands, audit, auditOrder }: Keys,
  notifications: Notifications,
  clock: Clock,
): CommandLog {
  return {
    async append(json) {
      await connection.runScript('commands.append', APPEND_COMMAND, [commands], [json, commands]);
    },

    async pending(limit) {
      notifications.reset();
      const args = [limit, MAX_COMMAND, PAGE_BYTES].map(String);
      const found = await connection.runScript<[number, string][]>('commands.pending', READ_COMMANDS, [commands], args);
      return found.map(([isText, key]) => ({ key, json: isText === 1 ? key : null }));
    },

    findAudit: async (ids) => new Map(await connection.readFields('commands.findAudit', audit, ids)),

    async readAudit(limit) {
      const ids = await connection.run('commands.readAudit', (client) => client.lrange(auditOrder, 0, limit - 1));
      return (await connection.readFields('commands.readAudit', audit, ids)).map(([id, json]) => ({ id, json }));
    },

    async removeAudit(id) {
      await connection.run('commands.removeAudit', async (client) => {
        // An id without a row is ignored; a row without an id in the order would stay for ever.
        await client.hdel(audit, id);
        await client.lrem(auditOrder, 0, id);
      });
    },

    waitForCommand: (signal) => waitAtMost(clock, POLL_INTERVAL, signal, (either) => notifications.wait(either)),
  };
}

export function finishArguments(finished: readonly FinishedCommand[]): string[] {
  if (finished.length === 0) return ['0'];
  return [
    ...[finished.length, MAX_COMMAND, AUDIT_ROWS].map(String),
    ...finished.flatMap(({ key, id, audit }) => [key, id ?? '', audit]),
  ];
}
