import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import { NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { BROADCAST_RETENTION } from '../polling/polling-mailbox.ts';
import type { Database } from './database.ts';
import { rejectionReason } from './database-error.ts';
import { encodeEnvelopes, insertMessages, type Prune } from './messages.ts';

/** Publishes to the queues of workers with the same URL; schedule state is in another store. */
export function createBroker(db: Database, prune: Prune, queues: Queues): Broker {
  /** Bisects to find the messages that the database rejects, and publishes the others. */
  const publish = async (messages: readonly Message[]): Promise<readonly Rejection[]> => {
    if (messages.length === 0) return [];
    try {
      const envelopes = messages.flatMap((message) => encodeEnvelopes(message, queues));
      await db.transaction('broker.publish', (tx) => insertMessages(tx, db.sql, envelopes));
      return [];
    } catch (error) {
      const reason = rejectionReason(error);
      if (reason === null) throw error;
      const [message] = messages;
      if (message && messages.length === 1) return [{ message, reason }];
    }
    const half = Math.ceil(messages.length / 2);
    return [...(await publish(messages.slice(0, half))), ...(await publish(messages.slice(half)))];
  };

  return {
    async publish(messages) {
      const { routable = [], lost = [] } = Object.groupBy(messages, ({ destination }) =>
        queues.queuesFor(destination).length > 0 ? 'routable' : 'lost',
      );
      const unroutable = lost.map((message) => ({ message, reason: NO_QUEUE_BOUND }));
      const rejected = await publish(routable);
      await prune(messages.length);
      return [...unroutable, ...rejected];
    },
    async announce(messages) {
      for (const message of messages) {
        const { exchange } = message.destination;
        const id = randomUUID();
        await db.write('broker.announce', db.sql.writeBroadcast(exchange, id, encodeEnvelope(message, id)));
        await db.write('broker.announce', db.sql.removeOldBroadcasts(exchange, BROADCAST_RETENTION));
      }
    },
    async close() {},
  };
}
