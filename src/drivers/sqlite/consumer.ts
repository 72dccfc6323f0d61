import type { Consumer, ConsumerOptions } from '../../contracts/broker/consumer.ts';
import {
  LEASE,
  PollingConsumer,
  type PolledQueues,
  type TakenMessage,
} from '../polling/polling-consumer.ts';
import { decodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import { inspectFile } from './inspect-file.ts';
import { sqlitePath } from './path.ts';
import {
  ADD_UNACKED,
  FIND_EXPIRED,
  FIND_WORK,
  INSERT_MESSAGE,
  REMOVE_EXPIRED,
  REMOVE_UNACKED,
  RENEW_UNACKED,
  RESTORE_EXPIRED,
  TAKE_MESSAGE,
} from './statements.ts';

/** Consumes queues of kombu's tables in the file. Throws a `ConfigError` for an invalid URL or file. */
export function openSqliteConsumer({ server, from, clock }: ConsumerOptions): Consumer {
  const path = sqlitePath(server.url);
  inspectFile(path);
  const queues = new SqliteQueues(new Database(path, clock), from, clock);
  return new PollingConsumer(queues, clock);
}

/**
 * kombu marks a message as consumed when a worker receives it, and loses it when the worker dies. This consumer also
 * writes it to `beat_unacked` until it is acknowledged.
 */
class SqliteQueues implements PolledQueues<number> {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #names: string;
  /** The order in which the queues are asked; rotated, so that a busy queue does not block the others. */
  #queues: readonly string[];

  constructor(db: Database, queues: readonly string[], clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#queues = queues;
    this.#names = JSON.stringify(queues);
  }

  async take(): Promise<TakenMessage<number> | null> {
    if (!(await this.#find('consumer.receive', FIND_WORK, this.#names))) return null;
    const taken = await this.#db.write('consumer.receive', (db) => {
      for (const queue of this.#queues) {
        const row = db.sql(TAKE_MESSAGE).get(queue);
        if (!row) continue;
        const { payload, queueId } = row as unknown as MessageRow;
        const unacked = db.sql(ADD_UNACKED).get(queueId, payload, this.#clock.now() + LEASE);
        return { queue, payload, id: Number(unacked!['id']) };
      }
      return null;
    });
    if (!taken) return null;
    const { id, queue, payload } = taken;
    this.#queues = [...this.#queues.filter((name) => name !== queue), queue];
    return { id, queue, message: decodeEnvelope(payload) };
  }

  async ack(id: number): Promise<boolean> {
    const removed = await this.#db.write('consumer.ack', (db) => db.sql(REMOVE_UNACKED).get(id));
    return removed !== undefined;
  }

  async requeue(id: number): Promise<void> {
    await this.#db.write('consumer.requeue', (db) => {
      const row = db.sql(REMOVE_UNACKED).get(id) as unknown as MessageRow | undefined;
      if (row) db.sql(INSERT_MESSAGE).run(row.payload, row.queueId);
    });
  }

  async renew(open: readonly number[]): Promise<void> {
    await this.#db.write('consumer.renew', (db) =>
      db.sql(RENEW_UNACKED).run(this.#clock.now() + LEASE, JSON.stringify(open)),
    );
  }

  async restore(): Promise<void> {
    if (!(await this.#find('consumer.restore', FIND_EXPIRED, this.#clock.now()))) return;
    await this.#db.write('consumer.restore', (db) => {
      const now = this.#clock.now();
      db.sql(RESTORE_EXPIRED).run(now);
      db.sql(REMOVE_EXPIRED).run(now);
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** Whether a statement finds a row. A read does not wait for the writer, and blocks none. */
  async #find(operation: string, statement: string, value: string | number): Promise<boolean> {
    if (!this.#db.exists()) return false;
    return this.#db.read(operation, (db) => db.sql(statement).get(value) !== undefined);
  }
}

interface MessageRow {
  readonly payload: string;
  readonly queueId: number;
}
