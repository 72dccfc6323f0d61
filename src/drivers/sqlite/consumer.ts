import type { Consumer, ConsumerOptions, Delivery } from '../../broker/consumer.ts';
import { LEASE, LeaseRenewal } from '../../broker/lease-renewal.ts';
import { decodeEnvelope } from '../../broker/received-message.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import { inspectFile } from './inspect-file.ts';
import { sqlitePath } from './path.ts';
import {
  ADD_UNACKED,
  FIND_WORK,
  INSERT_MESSAGE,
  REMOVE_EXPIRED,
  REMOVE_UNACKED,
  RENEW_UNACKED,
  RESTORE_EXPIRED,
  TAKE_MESSAGE,
} from './statements.ts';

/** How often an idle consumer polls. Milliseconds. */
const POLL_INTERVAL = 200;

/** Consumes queues of kombu's tables in the file. Throws a `ConfigError` for an invalid URL or file. */
export function openSqliteConsumer({ server, from, clock }: ConsumerOptions): Consumer {
  const path = sqlitePath(server.url);
  inspectFile(path);
  return new SqliteConsumer(new Database(path, clock), from, clock);
}

/**
 * kombu marks a message as consumed when a worker receives it, and loses it when the worker dies. This consumer also
 * writes it to `beat_unacked` until it is acknowledged.
 */
class SqliteConsumer implements Consumer {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #names: string;
  readonly #leases: LeaseRenewal<number>;
  /** The order in which the queues are asked; rotated, so that a busy queue does not block the others. */
  #queues: readonly string[];

  constructor(db: Database, queues: readonly string[], clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#queues = queues;
    this.#names = JSON.stringify(queues);
    this.#leases = new LeaseRenewal((open) => this.#renew(open), clock);
  }

  async receive(signal: AbortSignal): Promise<Delivery | null> {
    while (!signal.aborted) {
      const delivery = (await this.#hasWork()) ? await this.#take() : null;
      if (delivery) return delivery;
      await this.#clock.sleep(POLL_INTERVAL, signal);
    }
    return null;
  }

  async cancel(): Promise<void> {}

  async close(): Promise<void> {
    await this.#leases.close();
    this.#db.close();
  }

  /** A read does not wait for the writer, and blocks none. */
  async #hasWork(): Promise<boolean> {
    if (!this.#db.exists()) return false;
    return this.#db.read(
      'consumer.receive',
      (db) => db.sql(FIND_WORK).get(this.#names, this.#clock.now()) !== undefined,
    );
  }

  async #take(): Promise<Delivery | null> {
    const taken = await this.#db.write('consumer.receive', (db) => {
      const now = this.#clock.now();
      db.sql(RESTORE_EXPIRED).run(now);
      db.sql(REMOVE_EXPIRED).run(now);
      for (const queue of this.#queues) {
        const row = db.sql(TAKE_MESSAGE).get(queue);
        if (!row) continue;
        const { payload, queueId } = row as unknown as MessageRow;
        const unacked = db.sql(ADD_UNACKED).get(queueId, payload, now + LEASE);
        return { queue, payload, id: Number(unacked!['id']) };
      }
      return null;
    });
    if (!taken) return null;
    const { queue, payload, id } = taken;
    this.#queues = [...this.#queues.filter((name) => name !== queue), queue];
    this.#leases.add(id);
    return {
      queue,
      message: decodeEnvelope(payload),
      ack: () => this.#ack(id),
      requeue: () => this.#requeue(id),
    };
  }

  async #ack(id: number): Promise<boolean> {
    const removed = await this.#db.write('consumer.ack', (db) => db.sql(REMOVE_UNACKED).get(id));
    this.#leases.delete(id);
    return removed !== undefined;
  }

  async #requeue(id: number): Promise<void> {
    await this.#db.write('consumer.requeue', (db) => {
      const row = db.sql(REMOVE_UNACKED).get(id) as unknown as MessageRow | undefined;
      if (row) db.sql(INSERT_MESSAGE).run(row.payload, row.queueId);
    });
    this.#leases.delete(id);
  }

  async #renew(open: readonly number[]): Promise<void> {
    await this.#db.write('consumer.renew', (db) =>
      db.sql(RENEW_UNACKED).run(this.#clock.now() + LEASE, JSON.stringify(open)),
    );
  }
}

interface MessageRow {
  readonly payload: string;
  readonly queueId: number;
}
