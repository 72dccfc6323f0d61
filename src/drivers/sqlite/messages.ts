import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../broker/envelope.ts';
import type { Message } from '../../message/message.ts';
import type { Queues } from '../../routing/queues.ts';
import type { OpenFile } from './database.ts';
import { DECLARE_QUEUE, INSERT_MESSAGE, PRUNE_MESSAGES, READ_QUEUE } from './statements.ts';

/** A message as its row will be. Made before the transaction, which keeps workers waiting. */
export interface Row {
  readonly queue: string;
  readonly payload: string;
}

/** One for each queue that the message ends up in: exchanges are known here by the configuration alone. */
export function toRows(message: Message, queues: Queues): Row[] {
  return queues.queuesFor(message.destination).map(({ name }) => ({
    queue: name,
    payload: encodeEnvelope(message, randomUUID()),
  }));
}

/** Inserts the rows, in order. To be called inside a transaction. */
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

/** Rows that workers have taken and that are kept, as a trace of what was delivered. */
const KEPT = 1_000;

/** How many rows are worth a pruning: few enough to keep nobody waiting. */
const BITE = 500;

/**
 * Removes rows that workers have taken. kombu leaves them for ever: the file would grow, and without an
 * index of beat's each look of a worker into an empty queue would walk over all of them.
 */
export class Pruner {
  /** A bite from the start: what an earlier beat left is seen at the first commit. */
  #due = BITE;

  /** To be called in the transaction that inserted so many messages. */
  prune(db: OpenFile, inserted: number): void {
    this.#due += inserted;
    if (this.#due < BITE) return;
    const { changes } = db.sql(PRUNE_MESSAGES).run(this.#due, KEPT);
    // After a full bite there may be more: an old heap is worn down from commit to commit.
    this.#due = changes === this.#due ? BITE : 0;
  }
}
