import type { Broker, Rejection } from '../../contracts/broker/broker.ts';
import type { Message } from '../../celery/message/message.ts';
import { broadcast } from './broadcasts.ts';
import type { Database } from './database.ts';
import { rejectionReason } from './database-error.ts';
import { encodeEnvelopes, insertMessages, type Pruner } from './messages.ts';
import { NO_QUEUE_BOUND } from '../../celery/message/destination.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { Statements } from './statements.ts';

/** Publishes to the queues of workers with the same URL; schedule state is in another store. */
export class SqlBroker implements Broker {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #pruner: Pruner;
  readonly #queues: Queues;

  constructor(db: Database, sql: Statements, pruner: Pruner, queues: Queues) {
    this.#db = db;
    this.#sql = sql;
    this.#pruner = pruner;
    this.#queues = queues;
  }

  async publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    const [lost, routable] = [[], []] as [Message[], Message[]];
    for (const message of messages) {
      const received = this.#queues.queuesFor(message.destination).length > 0;
      (received ? routable : lost).push(message);
    }
    const unroutable = lost.map((message) => ({ message, reason: NO_QUEUE_BOUND }));
    const rejected = await this.#publish(routable);
    await this.#pruner.prune(messages.length);
    return [...unroutable, ...rejected];
  }

  announce(messages: readonly Message[]): Promise<void> {
    return broadcast(this.#db, this.#sql, messages);
  }

  async close(): Promise<void> {}

  /** Bisects to find the messages that the database rejects, and publishes the others. */
  async #publish(messages: readonly Message[]): Promise<readonly Rejection[]> {
    if (messages.length === 0) return [];
    try {
      const envelopes = messages.flatMap((message) => encodeEnvelopes(message, this.#queues));
      await this.#db.transaction('broker.publish', (tx) => insertMessages(tx, this.#sql, envelopes));
      return [];
    } catch (error) {
      const reason = rejectionReason(error);
      if (reason === null) throw error;
      const [message] = messages;
      if (message && messages.length === 1) return [{ message, reason }];
    }
    const half = Math.ceil(messages.length / 2);
    const first = await this.#publish(messages.slice(0, half));
    return [...first, ...(await this.#publish(messages.slice(half)))];
  }
}
