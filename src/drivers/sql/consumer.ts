import { randomUUID } from 'node:crypto';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import { LEASE, type PolledQueues, type TakenMessage } from '../polling/polling-consumer.ts';
import { inChunks } from './chunks.ts';
import type { Database } from './database.ts';
import type { SqlRow } from './dialect.ts';
import type { Sql } from './sql.ts';
import type { MessageRow } from './statements.ts';

/**
 * Polls queues of kombu's tables. kombu marks a message as consumed when a worker receives it, and loses it when the
 * worker dies. This consumer also writes it to `beat_unacked` until it is acknowledged. Leases follow the clock of the
 * server.
 */
export function createPolledQueues(db: Database, names: readonly string[]): PolledQueues<string> {
  const { sql } = db;
  /** The order in which the queues are polled; it rotates, so that a busy queue does not block the others. */
  let queues = names;
  let hasRights = false;

  const takeFrom = async (queue: string): Promise<TakenMessage<string> | null> => {
    for (;;) {
      // Without a lock, so that idle workers do not block others.
      const [row] = await db.read('consumer.receive', sql.findNext(queue));
      if (!row) return null;
      // A message that can be taken but not acknowledged would run again and again.
      if (!hasRights) await db.requireRights('consumer.receive');
      hasRights = true;
      const message = toMessage(row);
      const tag = randomUUID();
      const isTaken = await db.transaction('consumer.receive', async (tx) => {
        const { changes } = await tx.run(sql.takeMessage(Number(row['id'])));
        if (changes === 1) await tx.run(sql.addUnacked(tag, message, LEASE));
        return changes === 1;
      });
      if (isTaken) return { id: tag, queue, message: decodeEnvelope(message.payload) };
    }
  };

  /** Returns messages to their queues, in a transaction in which `lock` finds and locks their rows. */
  const requeue = (operation: string, lock: Sql): Promise<void> =>
    db.transaction(operation, async (tx) => {
      const { rows } = await tx.run(lock);
      const messages = rows.map((row) => ({ ...toMessage(row), tag: String(row['tag']) }));
      for (const chunk of inChunks(messages, ({ payload }) => payload.length)) {
        await tx.run(sql.insertMessages(chunk));
        await tx.run(sql.removeUnacked(chunk.map(({ tag }) => tag)));
      }
    });

  return {
    async take() {
      for (const queue of queues) {
        const taken = await takeFrom(queue);
        if (!taken) continue;
        queues = [...queues.filter((name) => name !== queue), queue];
        return taken;
      }
      return null;
    },
    ack: async (tag) => (await db.write('consumer.ack', sql.removeUnacked([tag]))) === 1,
    requeue: (tag) => requeue('consumer.requeue', sql.lockUnacked(tag)),
    async renew(open) {
      await db.write('consumer.renew', sql.renewUnacked(open, LEASE));
    },
    async restore() {
      // A read creates no tables: a Celery worker that creates its own at the same time would fail.
      const expired = await db.read('consumer.restore', sql.findExpired);
      if (expired.length > 0) await requeue('consumer.restore', sql.lockExpired);
    },
    close: () => db.close(),
  };
}

function toMessage(row: SqlRow): MessageRow {
  return { queueId: Number(row['queue_id']), payload: String(row['payload']) };
}
