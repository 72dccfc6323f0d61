import { DatabaseSync } from 'node:sqlite';
import type { Redis } from 'ioredis';
import type { RabbitServer } from './rabbitmq.ts';
import type { SqlServer } from './sql-server.ts';

/** What stands in a queue: enough of its envelope to tell one run from another. */
export interface Queued {
  readonly id: string;
  readonly entry: string;
  /** The nominal instant, epoch milliseconds. */
  readonly dueAt: number;
}

/** Oldest first. */
export async function queuedInRedis(client: Redis, queue = 'celery'): Promise<Queued[]> {
  return (await client.lrange(queue, 0, -1)).reverse().map(read);
}

const WAITING = `
  SELECT payload FROM kombu_message AS message JOIN kombu_queue AS queue ON queue.id = queue_id
  WHERE visible AND queue.name = coalesce(?, queue.name) ORDER BY message.id`;

/** Oldest first; of all queues unless one is named. */
export function queuedInSqlite(path: string, queue: string | null = null): Queued[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const rows = db.prepare(WAITING).all(queue);
    return rows.map(({ payload }) => read(String(payload)));
  } finally {
    db.close();
  }
}

/** Oldest first; of all queues unless one is named. */
export async function queuedInSql(server: SqlServer, queue?: string): Promise<Queued[]> {
  return (await server.payloads(queue)).map(read);
}

/** Takes all that there is, oldest first. */
export async function queuedInRabbit(server: RabbitServer, queue = 'celery'): Promise<Queued[]> {
  const taken = await server.take(queue);
  return taken.map(({ properties }) => queuedBy(properties.headers as Record<string, string>));
}

function read(envelope: string): Queued {
  const { headers } = JSON.parse(envelope) as { headers: Record<string, string> };
  return queuedBy(headers);
}

function queuedBy(headers: Record<string, string>): Queued {
  const { id = '', periodic_task_name: entry = '', beat_due_at: dueAt = '' } = headers;
  return { id, entry, dueAt: Date.parse(dueAt) };
}

/** Ids that stand there more than once. */
export function twice(queued: readonly Queued[]): string[] {
  const seen = new Set<string>();
  return queued.flatMap(({ id }) => (seen.has(id) ? [id] : (seen.add(id), [])));
}

/** For each entry of this interval (milliseconds), the instants that lack between its first and its last. */
export function gaps(queued: readonly Queued[], interval: number): string[] {
  const byEntry = Map.groupBy(queued, ({ entry }) => entry);
  return [...byEntry].flatMap(([entry, runs]) => {
    const instants = new Set(runs.map(({ dueAt }) => dueAt));
    const lacking: string[] = [];
    const last = Math.max(...instants);
    for (let at = Math.min(...instants); at < last; at += interval) {
      if (!instants.has(at)) lacking.push(`${entry} ${new Date(at).toISOString()}`);
    }
    return lacking;
  });
}
