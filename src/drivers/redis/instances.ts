import {
  INSTANCE_EXPIRY,
  readInstances,
  type Announcement,
  type Instances,
  type StoredAnnouncement,
} from '../../contracts/store/instances.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript, run } from './scripts/script.ts';

const ANNOUNCE = loadScript('announce-instance');
const LIST = loadScript('list-instances');

export function redisInstances(connection: Connection, { instances: key }: Keys): Instances {
  return {
    async announce(announcement: Announcement) {
      const args = [announcement.id, JSON.stringify(announcement), String(INSTANCE_EXPIRY)];
      await connection.run('instances.announce', (client) => run(client, ANNOUNCE, [key], args));
    },

    async withdraw(id) {
      await connection.run('instances.withdraw', (client) => client.hdel(key, id));
    },

    async list() {
      const answer = await connection.run('instances.list', (client) => run(client, LIST, [key], []));
      const rows: StoredAnnouncement[] = [];
      const values = answer as (number | string)[];
      for (let i = 0; i < values.length; i += 3) {
        const [id, ago, json] = values.slice(i, i + 3);
        rows.push({ id: String(id), seenAgoMs: Number(ago), json: String(json) });
      }
      return readInstances(rows);
    },
  };
}
