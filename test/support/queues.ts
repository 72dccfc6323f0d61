import { decodeSqsBody } from '../../src/celery/kombu/sqs.ts';
import { DatabaseSync } from 'node:sqlite';
import type { Redis } from 'ioredis';
import type { RabbitNode } from './rabbitmq-node.ts';
import type { SqsServer } from './sqs.ts';
import type { SqlServer } from './sql-server.ts';

/** A run in a queue, as its envelope identifies it. */
export interface QueuedRun {
  readonly id: string;
  readonly entry: string;
  /** The nominal instant, epoch milliseconds. */
  readonly dueAt: number;
}

/** Oldest first. */
export async function readRedisQueue(client: Redis, queue = 'celery'): Promise<QueuedRun[]> {
  return (await client.lrange(queue, 0, -1)).reverse().map(parseEnvelope);
}

const WAITING = `
  SELECT payload FROM kombu_message AS message JOIN kombu_queue AS queue ON queue.id = queue_id
  WHERE visible AND queue.name = coalesce(?, queue.name) ORDER BY message.id`;

/** Oldest first; of all queues unless one is named. */
export function readSqliteQueue(path: string, queue: string | null = null): QueuedRun[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const rows = db.prepare(WAITING).all(queue);
    return rows.map(({ payload }) => parseEnvelope(String(payload)));
  } finally {
    db.close();
  }
}

/** Oldest first; of all queues unless one is named. */
export async function readSqlQueue(server: SqlServer, queue?: string): Promise<QueuedRun[]> {
  return (await server.readPayloads(queue)).map(parseEnvelope);
}

/** Consumes the queue; oldest first. */
export async function consumeRabbitQueue(server: RabbitNode, queue = 'celery'): Promise<QueuedRun[]> {
  const taken = await server.consumeAll(queue);
  return taken.map(({ properties }) => parseHeaders(properties.headers as Record<string, string>));
}

/** Consumes the queue. */
export async function consumeSqsQueue(server: SqsServer, queue: string): Promise<QueuedRun[]> {
  const taken = await server.consumeAll(queue);
  return taken.map(({ Body = '' }) => parseEnvelope(decodeSqsBody(Body)));
}

export function parseEnvelope(envelope: string): QueuedRun {
  const { headers } = JSON.parse(envelope) as { headers: Record<string, string> };
  return parseHeaders(headers);
}

function parseHeaders(headers: Record<string, string>): QueuedRun {
  const { id = '', periodic_task_name: entry = '', beat_due_at: dueAt = '' } = headers;
  return { id, entry, dueAt: Date.parse(dueAt) };
}

/** Returns the task ids that occur more than once. */
export function findDuplicates(queued: readonly QueuedRun[]): string[] {
  const seen = new Set<string>();
  return queued.flatMap(({ id }) => (seen.has(id) ? [id] : (seen.add(id), [])));
}

/** Returns the missing occurrences between the first and the last run of each entry. `interval` in milliseconds. */
export function findGaps(queued: readonly QueuedRun[], interval: number): string[] {
  const byEntry = Map.groupBy(queued, ({ entry }) => entry);
  return [...byEntry].flatMap(([entry, runs]) => {
    const instants = new Set(runs.map(({ dueAt }) => dueAt));
    const missing: string[] = [];
    const last = Math.max(...instants);
    for (let at = Math.min(...instants); at < last; at += interval) {
      if (!instants.has(at)) missing.push(`${entry} ${new Date(at).toISOString()}`);
    }
    return missing;
  });
}
