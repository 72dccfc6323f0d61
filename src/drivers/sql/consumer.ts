import { randomUUID } from 'node:crypto';
import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import {
  LEASE,
  PollingConsumer,
  type PolledQueues,
  type TakenMessage,
} from '../polling/polling-consumer.ts';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { ServerUrl } from '../../contracts/broker/server-url.ts';
import type { Clock } from '../../util/clock.ts';
import { inChunks } from './chunks.ts';
import { Database, type Transaction } from './database.ts';
import type { Row, SqlDialect } from './dialect.ts';
import type { MessageRow, Sql, Statements } from './statements.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;

/** The statements of consumers; `→` names the columns of their rows. A lease is in milliseconds from now. */
export interface ConsumerStatements {
  /** → id, queueId, payload; of the message of a queue that kombu would take next. */
  findNext(queue: string): Sql;
  /** Marks a message as consumed, as kombu does. Changes no row if another worker has consumed it. */
  takeMessage(id: number): Sql;
  addUnacked(tag: string, message: MessageRow, lease: number): Sql;
  renewUnacked(tags: readonly string[], lease: number): Sql;
  /** → tag, queueId, payload; locks the row until the transaction ends. */
  lockUnacked(tag: string): Sql;
  /** → tag; of a message whose lease has expired. */
  readonly findExpired: Sql;
  /** → as `lockUnacked`; of all messages whose lease has expired, oldest first. */
  readonly lockExpired: Sql;
  removeUnacked(tags: readonly string[]): Sql;
}

/** Consumes queues of kombu's tables in a database. Throws a `ConfigError` for an invalid URL. */
export function openSqlConsumer(
  { server, from, transport, clock }: ConsumerOptions,
  createDialect: (server: ServerUrl, timeout: number, clock: Clock) => SqlDialect,
  statements: ConsumerStatements,
): Consumer {
  const timeout = transport.socketTimeout ?? TIMEOUT;
  const dialect = createDialect(server, timeout, clock);
  const db = new Database(dialect, 'beat-worker', timeout, clock);
  const sql = { ...dialect.sql, ...statements };
  return new PollingConsumer(new SqlQueues(db, sql, from), clock);
}

/**
 * kombu marks a message as consumed when a worker receives it, and loses it when the worker dies. This consumer also
 * writes it to `beat_unacked` until it is acknowledged. Leases follow the clock of the server.
 */
export class SqlQueues implements PolledQueues<string> {
  readonly #db: Database;
  readonly #sql: Statements & ConsumerStatements;
  /** The order in which the queues are asked; rotated, so that a busy queue does not block the others. */
  #queues: readonly string[];
  #hasRights = false;

  constructor(db: Database, sql: Statements & ConsumerStatements, queues: readonly string[]) {
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

  /** A message that can be taken and not acknowledged would run again and again. */
  async #requireRights(): Promise<void> {
    if (!this.#hasRights) await this.#db.requireRights('consumer.receive');
    this.#hasRights = true;
  }

  async #requeue(tx: Transaction, rows: readonly Row[]): Promise<void> {
    const messages = rows.map((row) => ({ ...toMessage(row), tag: String(row['tag']) }));
    for (const chunk of inChunks(messages, ({ payload }) => payload.length)) {
      await tx.run(this.#sql.insertMessages(chunk));
      await tx.run(this.#sql.removeUnacked(chunk.map(({ tag }) => tag)));
    }
  }
}

function toMessage(row: Row): MessageRow {
  return { queueId: Number(row['queueId']), payload: String(row['payload']) };
}
