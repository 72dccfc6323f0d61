import {
  INSTANCE_EXPIRY,
  readInstances,
  type Announcement,
  type Instances,
  type ListedInstance,
} from '../../contracts/store/instances.ts';
import type { Clock } from '../../util/clock.ts';
import type { Database } from './database.ts';
import {
  READ_INSTANCES,
  REMOVE_GONE_INSTANCES,
  REMOVE_INSTANCE,
  WRITE_INSTANCE,
} from './statements.ts';

export class SqliteInstances implements Instances {
  readonly #db: Database;
  readonly #prefix: string;
  readonly #clock: Clock;

  constructor(db: Database, prefix: string, clock: Clock) {
    this.#db = db;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async announce(announcement: Announcement): Promise<void> {
    const now = this.#clock.now();
    const json = JSON.stringify(announcement);
    await this.#db.write('instances.announce', (db) => {
      db.sql(REMOVE_GONE_INSTANCES).run(
        ...[this.#prefix, now - INSTANCE_EXPIRY, now + INSTANCE_EXPIRY],
      );
      db.sql(WRITE_INSTANCE).run(this.#prefix, announcement.id, json, now);
    });
  }

  async withdraw(id: string): Promise<void> {
    if (!this.#db.exists()) return;
    await this.#db.write('instances.withdraw', (db) =>
      db.sql(REMOVE_INSTANCE).run(this.#prefix, id),
    );
  }

  async list(): Promise<readonly ListedInstance[]> {
    if (!this.#db.exists()) return [];
    const now = this.#clock.now();
    const rows = await this.#db.read('instances.list', (db) =>
      db.sql(READ_INSTANCES).all(this.#prefix),
    );
    return readInstances(
      rows.map(({ id, json, seenAt }) => ({
        ...{ id: String(id), json: String(json), seenAgoMs: now - Number(seenAt) },
      })),
    );
  }
}
