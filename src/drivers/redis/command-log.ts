import {
  AUDIT_ROWS,
  MAX_COMMAND,
  PAGE_BYTES,
  type CommandLog,
  type FinishedCommand,
  type PendingCommand,
  type StoredAudit,
} from '../../store/command-log.ts';
import { waitAtMost, type Clock } from '../../util/clock.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import type { Notifications } from './connection/notifications.ts';
import { RIGHTS } from './rights.ts';
import { run, script } from './scripts/script.ts';

/** How often a leader polls for commands whose notification was lost or could not be published. Milliseconds. */
const POLL_INTERVAL = 1_000;

/** How far from the head of the log the leader may finish a command: those before it wait for their reload. */
const MAX_WAITING = 2_000;

/**
 * Appends a command and notifies the leader.
 *
 * KEYS[1]  commands
 * ARGV[1]  the command
 * ARGV[2]  channel
 *
 * A sender without the right to publish still appends: the leader finds the command when it polls.
 */
const APPEND_COMMAND = script(`${RIGHTS}
  local denied = lacking('RPUSH', KEYS[1], '')
  if denied then return denied end
  denied = failing('RPUSH', KEYS[1], ARGV[1])
  if denied then return denied end
  redis.pcall('PUBLISH', ARGV[2], '')
  return 1
`);

/**
 * Defines `longKey`, which returns the key of an element that is too long for a command, otherwise `false`. It has the
 * element's length and the digest of its beginning.
 */
const LONG_KEY = `
  local function longKey(text)
    if #text <= ${MAX_COMMAND} then return false end
    return 'oversized ' .. #text .. ' ' .. redis.sha1hex(string.sub(text, 1, 1000))
  end
`;

/**
 * Reads the oldest commands one by one, and returns the key of a long one instead of its text. It ends there: Redis copies
 * what a script reads, and several long texts would take it longer than the leader waits.
 *
 * KEYS[1]  commands
 * ARGV[1]  the number of commands to read
 * returns  for each, 1 and its text, or 0 and its key
 */
const READ_COMMANDS = script(`${RIGHTS}${LONG_KEY}
  local denied = failing('LRANGE', KEYS[1], '1', '0')
  if denied then return denied end
  local found, bytes = {}, 0
  for i = 0, tonumber(ARGV[1]) - 1 do
    local text = redis.call('LRANGE', KEYS[1], i, i)[1]
    if not text then break end
    local key = longKey(text)
    if not key then bytes = bytes + #text end
    if bytes > ${PAGE_BYTES} then break end
    found[#found + 1] = key and {0, key} or {1, text}
    if key then break end
  end
  return found
`);

/**
 * Commands in a Redis list. A command's key is its text, or that of `longKey`: the leader removes the first element
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
      run(client, READ_COMMANDS, [this.#keys.commands], [String(limit)]),
    );
    return (found as [number, string][]).map(([isText, key]) => ({
      key,
      json: isText === 1 ? key : null,
    }));
  }

  async findAudit(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#connection.run('commands.findAudit', (client) =>
      client.hmget(this.#keys.audit, ...ids),
    );
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
    await waitAtMost(this.#clock, POLL_INTERVAL, signal, (either) =>
      this.#notifications.wait(either),
    );
  }
}

/**
 * The part of a commit script that finishes commands. It follows the head, checks its rights and keys, and
 * defines `finish`. `first` is the position of its first key.
 *
 * KEYS     from `first`, commands, audit rows, their order
 * ARGV     from `at`, number of commands; per command: key, id ('' for none), audit row
 *
 * A batch without commands needs none of the keys.
 */
export const FINISH = `
  local commands, audit, audit_order = KEYS[first], KEYS[first + 1], KEYS[first + 2]
  first = first + 3
  local finish_from, finish_to = at + 1, at + 3 * tonumber(ARGV[at])
  at = finish_to + 1
  local finishes = finish_to > finish_from
  denied = denied or finishes and (
    lacking('LREM', commands, '1', '')
    or lacking('LRANGE', commands, '0', '0')
    or lacking('HSET', audit, '', '')
    or lacking('HDEL', audit, '')
    or lacking('LPUSH', audit_order, '')
    or lacking('LLEN', audit_order)
    or lacking('RPOP', audit_order)
    or failing('LLEN', commands)
    or failing('HMGET', audit, '')
    or failing('LLEN', audit_order)
  )
  if denied then return denied end

${LONG_KEY}
  local function remove(key)
    if redis.call('LREM', commands, 1, key) > 0 or not key:find('^oversized ') then return end
    for i = 0, math.min(redis.call('LLEN', commands), ${MAX_WAITING}) - 1 do
      local text = redis.call('LRANGE', commands, i, i)[1]
      if longKey(text) == key then return redis.call('LREM', commands, 1, text) end
    end
  end

  local function finish()
    if not finishes then return end
    for i = finish_from, finish_to, 3 do
      remove(ARGV[i])
      if ARGV[i + 1] ~= '' and redis.call('HSET', audit, ARGV[i + 1], ARGV[i + 2]) == 1 then
        redis.call('LPUSH', audit_order, ARGV[i + 1])
      end
    end
    while redis.call('LLEN', audit_order) > ${AUDIT_ROWS} do
      redis.call('HDEL', audit, redis.call('RPOP', audit_order))
    end
  end
`;

/** The arguments that `FINISH` reads. */
export function finishArguments(finished: readonly FinishedCommand[]): string[] {
  return [
    String(finished.length),
    ...finished.flatMap(({ key, id, audit }) => [key, id ?? '', audit]),
  ];
}
