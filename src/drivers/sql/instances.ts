import { INSTANCE_EXPIRY, readInstances, type Instances } from '../../contracts/store/instances.ts';
import type { Database } from './database.ts';

export function createInstances(db: Database, prefix: string): Instances {
  const { sql } = db;
  return {
    async announce(announcement) {
      const json = JSON.stringify(announcement);
      await db.write('instances.announce', sql.writeInstance(prefix, announcement.id, json));
      await db.write('instances.announce', sql.removeGoneInstances(prefix, INSTANCE_EXPIRY));
    },
    async withdraw(id) {
      if (db.exists()) await db.write('instances.withdraw', sql.removeInstance(prefix, id));
    },
    async list() {
      const rows = await db.read('instances.list', sql.readInstances(prefix, INSTANCE_EXPIRY));
      return readInstances(
        rows.map(({ id, json, ago }) => ({ id: String(id), json: String(json), seenAgoMs: Number(ago) })),
      );
    },
  };
}
