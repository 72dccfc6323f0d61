import type { Broker } from '../../contracts/broker/broker.ts';
import { ignoreDuplicates, type MongoConnection } from './connection.ts';
import type { Kombu } from './kombu.ts';

/**
 * Publishes into kombu's collections. A message that is published again, because an answer was lost, is inserted once
 * while the first waits in its queue.
 */
export function mongoBroker(connection: MongoConnection, kombu: Kombu): Broker {
  let isIndexed = false;
  const insert = async <T>(documents: readonly T[], insertMany: (all: T[]) => Promise<unknown>): Promise<void> => {
    if (documents.length > 0) await insertMany([...documents]).catch(ignoreDuplicates);
  };
  return {
    publish: (messages) =>
      connection.run('broker.publish', async () => {
        if (!isIndexed) await kombu.messages.createIndexes([{ key: { beat: 1 }, unique: true, sparse: true }]);
        isIndexed = true;
        const { messages: documents, broadcasts, rejected } = await kombu.encode(messages, true);
        await insert(documents, (all) => kombu.messages.insertMany(all, { ordered: false }));
        await insert(broadcasts, (all) => kombu.broadcasts.insertMany(all, { ordered: false }));
        return rejected;
      }),

    async announce(messages) {
      if (messages.length === 0) return;
      await connection.run('broker.announce', async () => {
        const { messages: documents, broadcasts } = await kombu.encode(messages, false);
        await insert(documents, (all) => kombu.messages.insertMany(all, { ordered: false }));
        await insert(broadcasts, (all) => kombu.broadcasts.insertMany(all, { ordered: false }));
      });
    },

    close: () => connection.close(),
  };
}
