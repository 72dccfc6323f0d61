import { randomUUID } from 'node:crypto';
import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import { LEASE, PollingConsumer, type PolledQueues, type TakenMessage } from '../polling/polling-consumer.ts';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import { inChunks } from './chunks.ts';
import { Database, type Transaction } from './database.ts';
import type { SqlRow, SqlProduct } from './dialect.ts';
import type { MessageRow, Statements } from './statements.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;

/** Consumes queues of kombu's tables in a database. Throws a `ConfigError` for an invalid URL. */
export function openSqlConsumer(
  { server, from, transport, clock }: ConsumerOptions,
  { createDialect }: SqlProduct,
): Consumer {
  const timeout = transport.socketTimeout ?? TIMEOUT;
  const dialect = createDialect(server, timeout, clock, 'store');
  const db = new Database(dialect, 'beat-worker', timeout, clock);
  return new PollingConsumer(new SqlQueues(db, dialect.sql, from), clock);
}

/**
 * kombu marks a message as consumed when a worker receives it, and loses it when the worker dies. This consumer also
 * writes it to `beat_unacked` until it is acknowledged. Leases follow the clock of the server.
 */
export class SqlQueues implements PolledQueues<string> {
  readonly #db: Database;
  readonly #sql: Statements;
  /** The order in which the queues are polled; it rotates, so that a busy queue does not block the others. */
  #queues: readonly string[];
  #hasRights = false;

  constructor(db: Database, sql: Statements, queues: readonly string[]) {
    this.#db = db;
    this.#sql = sql;
    this.#queues = queues;
  }

  async take(): Promise<TakenMessage<string> | null> {
    for (const queue of this.#queues) {
      const taken = await this.#takeFrom(queue);
      if (!taken) continue;
      this.#queues = [...this.#queues.filter((name) => name !== queue), queue];
      return taken;
    }
    return null;
  }

  async ack(tag: string): Promise<boolean> {
    return (await this.#db.write('consumer.ack', this.#sql.removeUnacked([tag]))) === 1;
  }

  async requeue(tag: string): Promise<void> {
    await this.#db.transaction('consumer.requeue', async (tx) => {
      const { rows } = await tx.run(this.#sql.lockUnacked(tag));
      await this.#requeue(tx, rows);
    });
  }

  async renew(open: readonly string[]): Promise<void> {
    await this.#db.write('consumer.renew', this.#sql.renewUnacked(open, LEASE));
  }

  async restore(): Promise<void> {
    // A read creates no tables: a Celery worker that creates its own at the same time would fail.
    const expired = await this.#db.read('consumer.restore', this.#sql.findExpired);
    if (expired.length === 0) return;
    await this.#db.transaction('consumer.restore', async (tx) => {
      const { rows } = await tx.run(this.#sql.lockExpired);
      await this.#requeue(tx, rows);
    });
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  async #takeFrom(queue: string): Promise<TakenMessage<string> | null> {
    for (;;) {
      // Without a lock, so that idle workers do not block others.
      const next = this.#sql.findNext(queue);
      const [row] = await this.#db.read('consumer.receive', next);
      if (!row) return null;
      await this.#requireRights();
      const message = toMessage(row);
      const tag = randomUUID();
      const isTaken = await this.#db.transaction('consumer.receive', async (tx) => {
        const { changes } = await tx.run(this.#sql.takeMessage(Number(row['id'])));
        if (changes === 1) await tx.run(this.#sql.addUnacked(tag, message, LEASE));
        return changes === 1;
      });
      if (isTaken) return { id: tag, queue, message: decodeEnvelope(message.payload) };
    }
  }

  /** Checks all rights first: a message that can be taken but not acknowledged would run again and again. */
  async #requireRights(): Promise<void> {
    if (!this.#hasRights) await this.#db.requireRights('consumer.receive');
    this.#hasRights = true;
  }

  async #requeue(tx: Transaction, rows: readonly SqlRow[]): Promise<void> {
    const messages = rows.map((row) => ({ ...toMessage(row), tag: String(row['tag']) }));
    for (const chunk of inChunks(messages, ({ payload }) => payload.length)) {
      await tx.run(this.#sql.insertMessages(chunk));
      await tx.run(this.#sql.removeUnacked(chunk.map(({ tag }) => tag)));
    }
  }
}

function toMessage(row: SqlRow): MessageRow {
  return { queueId: Number(row['queue_id']), payload: String(row['payload']) };
}
