import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import type { OpenFile } from './database.ts';
import { DECLARE_QUEUE, INSERT_MESSAGE, PRUNE_MESSAGES, READ_QUEUE } from './statements.ts';

/** A row for one queue. It is encoded before the transaction, because workers wait for the transaction. */
export interface Row {
  readonly queue: string;
  readonly payload: string;
}

/** One row for each queue that receives the message. The configuration alone binds queues to exchanges. */
export function toRows(message: Message, queues: Queues): Row[] {
  return queues.queuesFor(message.destination).map(({ name }) => ({
    queue: name,
    payload: encodeEnvelope(message, randomUUID()),
  }));
}

/** Inserts the rows, in order. Call this inside a transaction. */
export function insertRows(db: OpenFile, rows: readonly Row[]): void {
  const queues = new Map<string, number>();
  const insert = db.sql(INSERT_MESSAGE);
  for (const { queue, payload } of rows) {
    let id = queues.get(queue);
    if (id === undefined) queues.set(queue, (id = declareQueue(db, queue)));
    insert.run(payload, id);
  }
}

function declareQueue(db: OpenFile, name: string): number {
  const row = db.sql(READ_QUEUE).get(name) ?? db.sql(DECLARE_QUEUE).get(name);
  return row!['id'] as number;
}

/** Consumed rows that are retained, for diagnosis. */
const RETAINED = 1_000;

/** Rows that one pruning deletes at least: few enough that workers do not wait long. */
const CHUNK = 500;

/** Deletes rows that workers have consumed. kombu never deletes them, and the file would grow without limit. */
export class Pruner {
  /** Rows to delete. Not zero at first, so that the first commit deletes rows of an earlier run of beat. */
  #due = CHUNK;

  /** Prunes after `inserted` messages. Call this in the transaction that inserted them. */
  prune(db: OpenFile, inserted: number): void {
    this.#due += inserted;
    if (this.#due < CHUNK) return;
    const { changes } = db.sql(PRUNE_MESSAGES).run(this.#due, RETAINED);
    // A full chunk means that there may be more rows: the next commit prunes again.
    this.#due = changes === this.#due ? CHUNK : 0;
  }
}
