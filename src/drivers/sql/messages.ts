import type { Warn } from '../../contracts/events/beat-events.ts';
import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { inChunks } from './chunks.ts';
import { DatabaseError } from './database-error.ts';
import type { Database, Transaction } from './database.ts';
import type { MessageRow, Statements } from './statements.ts';
import { escapeUnit } from '../../celery/message/python.ts';

/** A message as it is queued. It is encoded before the transaction, because the transaction's locks block others. */
export interface Envelope {
  readonly queue: string;
  readonly payload: string;
}

/** Encodes an envelope for each queue that receives the message by the configuration: databases have no exchanges. */
export function encodeEnvelopes(message: Message, queues: Queues): Envelope[] {
  return queues
    .queuesFor(message.destination)
    .map(({ name }) => ({
      queue: name,
      payload: encodeEnvelope(message, randomUUID()).replace(/[\u0080-\uffff]/g, escapeUnit),
    }));
}

/** Inserts the messages, and preserves their order within each queue. */
export async function insertMessages(tx: Transaction, sql: Statements, envelopes: readonly Envelope[]): Promise<void> {
  const rows: MessageRow[] = [];
  for (const [queue, group] of Map.groupBy(envelopes, (envelope) => envelope.queue)) {
    const queueId = await declareQueue(tx, sql, queue);
    for (const { payload } of group) rows.push({ payload, queueId });
  }
  // All transactions lock queues in one order, so that no two wait for each other.
  rows.sort((a, b) => a.queueId - b.queueId);
  for (const chunk of inChunks(rows, ({ payload }) => payload.length)) {
    await tx.run(sql.insertMessages(chunk));
  }
}

async function declareQueue(tx: Transaction, sql: Statements, name: string): Promise<number> {
  const find = async () => (await tx.run(sql.readQueue(name))).rows[0]?.['id'];
  let id = await find();
  if (id === undefined) {
    await tx.run(sql.declareQueue(name));
    id = await find();
  }
  return Number(id);
}

/** The number of newest consumed rows that stay, as a trace of deliveries. */
const RETAINED = 1_000;

/** Inserted messages per pruning, and most rows that it removes: few enough to block no worker for long. */
const BATCH = 500;

/**
 * Call it after each insertion, with the number of messages. Never rejects, so that the commit does not fail; the
 * next call repeats what failed.
 */
export type Prune = (inserted: number, tx?: Transaction) => Promise<void>;

/**
 * Returns a function that removes rows that workers have consumed. kombu never does: the table would grow, and a worker
 * that reads an empty queue might scan all of them.
 */
export function createPrune(db: Database, warn: Warn = () => {}): Prune {
  // It starts at a whole batch, so that the first commit removes what an earlier process left.
  let due = BATCH;
  return async (inserted, tx = db.separately('broker.prune')) => {
    due += inserted;
    if (due < BATCH) return;
    const limit = due;
    due = 0;
    try {
      const { rows } = await tx.run(db.sql.findConsumed(limit, RETAINED));
      const ids = rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b);
      if (ids.length > 0) await tx.run(db.sql.deleteConsumed(ids));
      // After a full batch there may be more rows: the next commit removes another batch.
      if (ids.length === limit) due += BATCH;
      warn('pruning', null);
    } catch (error) {
      due += limit;
      // Commits report any other failure.
      if (!(error instanceof DatabaseError) || error.kind !== 'denied') return;
      warn('pruning', `Consumed messages stay in the table kombu_message: ${error.message}`);
    }
  };
}
