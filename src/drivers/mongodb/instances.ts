import { INSTANCE_EXPIRY, readInstances, type Instances } from '../../contracts/store/instances.ts';
import type { Keyed, MongoConnection } from './connection.ts';

interface InstanceDocument extends Keyed {
  readonly json: string;
  readonly seenAt: Date;
}

export function mongoInstances(connection: MongoConnection, name: string): Instances {
  const instances = connection.collection<InstanceDocument>(name);
  return {
    announce: (announcement) =>
      connection.run('instances.announce', async () => {
        const json = JSON.stringify(announcement);
        await instances.updateOne(
          { _id: announcement.id },
          { $set: { json }, $currentDate: { seenAt: true } },
          { upsert: true },
        );
        const now = await connection.readTime();
        const [oldest, newest] = [new Date(now - INSTANCE_EXPIRY), new Date(now + INSTANCE_EXPIRY)];
        await instances.deleteMany({ $or: [{ seenAt: { $lt: oldest } }, { seenAt: { $gt: newest } }] });
      }),

    withdraw: (id) =>
      connection.run('instances.withdraw', async () => {
        await instances.deleteOne({ _id: id });
      }),

    list: () =>
      connection.run('instances.list', async () => {
        const found = await instances.find().toArray();
        const now = await connection.readTime();
        return readInstances(
          found.map(({ _id, json, seenAt }) => ({ id: _id, json, seenAgoMs: now - seenAt.getTime() })),
        );
      }),
  };
}
