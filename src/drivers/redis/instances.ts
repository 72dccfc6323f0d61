import {
  INSTANCE_EXPIRY,
  readInstances,
  type Announcement,
  type Instances,
  type ListedInstance,
  type StoredAnnouncement,
} from '../../contracts/store/instances.ts';
import type { Connection } from './connection/connection.ts';
import type { Keys } from './keys.ts';
import { loadScript } from './scripts/load-script.ts';
import { run } from './scripts/script.ts';

const ANNOUNCE = loadScript('announce-instance');
const LIST = loadScript('list-instances');

export class RedisInstances implements Instances {
  readonly #connection: Connection;
  readonly #key: string;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#key = keys.instances;
  }

  async announce(announcement: Announcement): Promise<void> {
    const args = [announcement.id, JSON.stringify(announcement), String(INSTANCE_EXPIRY)];
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
