import {
  INSTANCE_EXPIRY,
  readInstances,
  type Announcement,
  type Instances,
  type ListedInstance,
  type StoredAnnouncement,
} from '../../store/instances.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { run, script } from './scripts/script.ts';

/** Sets `now` to the time of the server, epoch milliseconds. */
const TIME = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Ids and announcements: all of them in one answer. HSCAN is among the rights that beat needs anyway. */
const ALL = `redis.call('HSCAN', KEYS[1], '0', 'COUNT', '10000')[2]`;

/**
 * KEYS[1]  instances
 * ARGV[1]  id
 * ARGV[2]  announcement
 *
 * The effects are replicated, not the script, because the script reads the time; Redis 7 knows no other way.
 */
const ANNOUNCE = script(`
  if redis.replicate_commands then redis.replicate_commands() end
  ${TIME}
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', now) .. ' ' .. ARGV[2])
  local all = ${ALL}
  for i = 1, #all, 2 do
    local seen = tonumber(all[i + 1]:match('^%d+'))
    if not seen or math.abs(now - seen) >= ${INSTANCE_EXPIRY} then redis.pcall('HDEL', KEYS[1], all[i]) end
  end
  return 1
`);

/**
 * KEYS[1]  instances
 * returns  per instance: id, milliseconds since it was seen, announcement
 */
const LIST = script(`
  ${TIME}
  local rows = {}
  local all = ${ALL}
  for i = 1, #all, 2 do
    local seen, json = all[i + 1]:match('^(%d+) (.*)$')
    rows[#rows + 1] = all[i]
    rows[#rows + 1] = seen and now - tonumber(seen) or 0
    rows[#rows + 1] = json or all[i + 1]
  end
  return rows
`);

export class RedisInstances implements Instances {
  readonly #connection: Connection;
  readonly #key: string;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#key = keys.instances;
  }

  async announce(announcement: Announcement): Promise<void> {
    const args = [announcement.id, JSON.stringify(announcement)];
    await this.#connection.run('instances.announce', (client) =>
      run(client, ANNOUNCE, [this.#key], args),
    );
  }

  async withdraw(id: string): Promise<void> {
    await this.#connection.run('instances.withdraw', (client) => client.hdel(this.#key, id));
  }

  async list(): Promise<readonly ListedInstance[]> {
    const answer = await this.#connection.run(
      'instances.list',
      (client) => run(client, LIST, [this.#key], []) as Promise<(number | string)[]>,
    );
    const rows: StoredAnnouncement[] = [];
    for (let i = 0; i < answer.length; i += 3) {
      const [id, ago, json] = answer.slice(i, i + 3);
      rows.push({ id: String(id), seenAgoMs: Number(ago), json: String(json) });
    }
    return readInstances(rows);
  }
}
