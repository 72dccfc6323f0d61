import type { Broker } from '../../contracts/broker/broker.ts';
import type { MongoConnection } from './connection.ts';
import type { Kombu } from './kombu.ts';

/**
 * Publishes into kombu's collections. A message that is published again, because an answer was lost, is inserted once
 * while the first waits in its queue.
 */
export function mongoBroker(connection: MongoConnection, kombu: Kombu): Broker {
  let isIndexed = false;
  return {
    publish: (messages) =>
      connection.run('broker.publish', async () => {
        if (!isIndexed) await kombu.indexRepeats();
        isIndexed = true;
        const publication = await kombu.encode(messages, true);
        await kombu.insert(publication);
        return publication.rejected;
      }),

    async announce(messages) {
      if (messages.length === 0) return;
      await connection.run('broker.announce', async () => kombu.insert(await kombu.encode(messages, false)));
    },

    close: () => connection.close(),
  };
}
