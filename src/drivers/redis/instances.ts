import { INSTANCE_EXPIRY, readInstances, type Instances } from '../../contracts/store/instances.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript } from './scripts/script.ts';

const ANNOUNCE = loadScript('announce-instance');
const LIST = loadScript('list-instances');

export function redisInstances(connection: Connection, { instances: key }: Keys): Instances {
  return {
    async announce(announcement) {
      const args = [announcement.id, JSON.stringify(announcement), String(INSTANCE_EXPIRY)];
      await connection.runScript('instances.announce', ANNOUNCE, [key], args);
    },

    async withdraw(id) {
      await connection.run('instances.withdraw', (client) => client.hdel(key, id));
    },

    async list() {
      const values = await connection.runScript<(number | string)[]>('instances.list', LIST, [key], []);
      const rows = Array.from({ length: values.length / 3 }, (_, i) => values.slice(3 * i, 3 * i + 3));
      return readInstances(
        rows.map(([id, ago, json]) => ({ id: String(id), seenAgoMs: Number(ago), json: String(json) })),
      );
    },
  };
}
