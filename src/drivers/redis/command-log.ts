import {
  AUDIT_ROWS,
  MAX_COMMAND,
  PAGE_BYTES,
  type CommandLog,
  type FinishedCommand,
  type PendingCommand,
  type StoredAudit,
} from '../../contracts/store/command-log.ts';
import type { Clock } from '../../util/clock.ts';
import { waitAtMost } from '../../util/wait.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import type { Notifications } from './connection/notifications.ts';
import { loadScript, run } from './scripts/script.ts';

/** How often a leader polls for commands whose notification was lost or could not be published. Milliseconds. */
const POLL_INTERVAL = 1_000;

const APPEND_COMMAND = loadScript('append-command');
const READ_COMMANDS = loadScript('read-commands');

/**
 * Commands in a Redis list. A command's key is its text, or that of `long_key`: the leader removes the first element
 * that has the key.
 */
export class RedisCommandLog implements CommandLog {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #notifications: Notifications;
  readonly #clock: Clock;

  constructor(connection: Connection, keys: Keys, notifications: Notifications, clock: Clock) {
    this.#connection = connection;
    this.#keys = keys;
    this.#notifications = notifications;
    this.#clock = clock;
  }

  async append(json: string): Promise<void> {
    const { commands } = this.#keys;
    await this.#connection.run('commands.append', (client) =>
      run(client, APPEND_COMMAND, [commands], [json, commands]),
    );
  }

  async pending(limit: number): Promise<readonly PendingCommand[]> {
    this.#notifications.reset();
    const found = await this.#connection.run('commands.pending', (client) =>
      run(client, READ_COMMANDS, [this.#keys.commands], [limit, MAX_COMMAND, PAGE_BYTES].map(String)),
    );
    return (found as [number, string][]).map(([isText, key]) => ({ key, json: isText === 1 ? key : null }));
  }

  async findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#connection.run('commands.findAudit', (client) => client.hmget(this.#keys.audit, ...ids));
    return new Map(
      ids.flatMap((id, i) => {
        const row = rows[i];
        return typeof row === 'string' ? [[id, row] as const] : [];
      }),
    );
  }

  async readAudit(limit: number): Promise<readonly StoredAudit[]> {
    const { audit, auditOrder } = this.#keys;
    return this.#connection.run('commands.readAudit', async (client) => {
      const ids = await client.lrange(auditOrder, 0, limit - 1);
      if (ids.length === 0) return [];
      const rows = await client.hmget(audit, ...ids);
      return ids.flatMap((id, i) => {
        const json = rows[i];
        return typeof json === 'string' ? [{ id, json }] : [];
      });
    });
  }

  async removeAudit(id: string): Promise<void> {
    const { audit, auditOrder } = this.#keys;
    await this.#connection.run('commands.removeAudit', async (client) => {
      // An id without a row is ignored; a row without an id in the order would stay for ever.
      await client.hdel(audit, id);
      await client.lrem(auditOrder, 0, id);
    });
  }

  async waitForCommand(signal: AbortSignal): Promise<void> {
    await waitAtMost(this.#clock, POLL_INTERVAL, signal, (either) => this.#notifications.wait(either));
  }
}

/** The arguments of `includes/finish-commands.lua`. */
export function finishArguments(finished: readonly FinishedCommand[]): string[] {
  if (finished.length === 0) return ['0'];
  return [
    ...[finished.length, MAX_COMMAND, AUDIT_ROWS].map(String),
    ...finished.flatMap(({ key, id, audit }) => [key, id ?? '', audit]),
  ];
}
