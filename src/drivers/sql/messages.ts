import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../broker/envelope.ts';
import type { Message } from '../../message/message.ts';
import type { Queues } from '../../routing/queues.ts';
import { inBites } from './bites.ts';
import type { Transaction } from './database.ts';
import type { MessageRow, Statements } from './statements.ts';

/** A message as it will be queued. Made before the transaction, which keeps others waiting. */
export interface Envelope {
  readonly queue: string;
  readonly payload: string;
}

/** One for each queue that the message ends up in: exchanges are known here by the configuration alone. */
export function envelopesOf(message: Message, queues: Queues): Envelope[] {
  return queues.queuesFor(message.destination).map(({ name }) => ({
    queue: name,
    payload: ascii(encodeEnvelope(message, randomUUID())),
  }));
}

/** JSON as kombu writes it: any database can hold it, whatever its character set. */
function ascii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Inserts the messages; those of one queue in their order. */
export async function insertMessages(
  tx: Transaction,
  sql: Statements,
  envelopes: readonly Envelope[],
): Promise<void> {
  const rows: MessageRow[] = [];
  for (const [queue, those] of Map.groupBy(envelopes, (envelope) => envelope.queue)) {
    const queueId = await declareQueue(tx, sql, queue);
    for (const { payload } of those) rows.push({ payload, queueId });
  }
  // Always in the same order of queues: of two that lock rows one after the other, one waits, none forever.
  rows.sort((a, b) => a.queueId - b.queueId);
  for (const bite of inBites(rows, ({ payload }) => payload.length)) {
    await tx.run(sql.insertMessages(bite));
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
