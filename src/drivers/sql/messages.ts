import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Queues } from '../../celery/routing/queues.ts';
import { inChunks } from './chunks.ts';
import type { Transaction } from './database.ts';
import type { MessageRow, Statements } from './statements.ts';

/** A message as it is queued. Encoded before the transaction, whose locks block others. */
export interface Envelope {
  readonly queue: string;
  readonly payload: string;
}

/** One for each queue that receives the message; the database has no exchanges, so the configuration decides. */
export function encodeEnvelopes(message: Message, queues: Queues): Envelope[] {
  return queues.queuesFor(message.destination).map(({ name }) => ({
    queue: name,
    payload: ascii(encodeEnvelope(message, randomUUID())),
  }));
}

/** JSON as kombu writes it: every character set of a database contains ASCII. */
function ascii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Inserts the messages, and preserves their order within each queue. */
export async function insertMessages(
  tx: Transaction,
  sql: Statements,
  envelopes: readonly Envelope[],
): Promise<void> {
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
