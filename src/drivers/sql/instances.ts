import {
  INSTANCE_EXPIRY,
  readInstances,
  type Announcement,
  type Instances,
  type ListedInstance,
} from '../../contracts/store/instances.ts';
import type { Database } from './database.ts';
import type { Statements } from './statements.ts';

export class SqlInstances implements Instances {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #prefix: string;

  constructor(db: Database, sql: Statements, prefix: string) {
    this.#db = db;
    this.#sql = sql;
    this.#prefix = prefix;
  }

  async announce(announcement: Announcement): Promise<void> {
    const json = JSON.stringify(announcement);
    const { id } = announcement;
    await this.#db.write('instances.announce', this.#sql.writeInstance(this.#prefix, id, json));
    const gone = this.#sql.removeGoneInstances(this.#prefix, INSTANCE_EXPIRY);
    await this.#db.write('instances.announce', gone);
  }

  async withdraw(id: string): Promise<void> {
    if (!this.#db.exists()) return;
    await this.#db.write('instances.withdraw', this.#sql.removeInstance(this.#prefix, id));
  }

  async list(): Promise<readonly ListedInstance[]> {
    const rows = await this.#db.read('instances.list', this.#sql.readInstances(this.#prefix, INSTANCE_EXPIRY));
    return readInstances(
      rows.map(({ id, json, ago }) => ({ id: String(id), json: String(json), seenAgoMs: Number(ago) })),
    );
  }
}
