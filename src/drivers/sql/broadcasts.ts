import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Mailbox, MailboxOptions } from '../../contracts/broker/mailbox.ts';
import { BROADCAST_RETENTION, createPollingMailbox } from '../polling/polling-mailbox.ts';
import type { Message } from '../../celery/message/message.ts';
import { Database } from './database.ts';
import type { SqlProduct } from './dialect.ts';
import type { Statements } from './statements.ts';

/** Milliseconds until a statement without an answer fails. */
const TIMEOUT = 5_000;

/** Adds messages to the broadcasts of their exchanges, and removes old ones. */
export async function broadcast(db: Database, sql: Statements, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const { exchange } = message.destination;
    const id = randomUUID();
    const payload = encodeEnvelope(message, id);
    await db.write('broker.announce', sql.writeBroadcast(exchange, id, payload));
    await db.write('broker.announce', sql.removeOldBroadcasts(exchange, BROADCAST_RETENTION));
  }
}

/** Reads the broadcasts of an exchange. Throws a `ConfigError` for an invalid URL. */
export function openSqlMailbox(
  { server, transport, exchange, clock }: MailboxOptions,
  { createDialect }: SqlProduct,
): Mailbox {
  const timeout = transport.socketTimeout ?? TIMEOUT;
  const dialect = createDialect(server, timeout, clock, 'store');
  const db = new Database(dialect, 'beat-mailbox', timeout, clock);
  const log = {
    async read(name: string, maxAge: number) {
      const rows = await db.read('mailbox.read', dialect.sql.readBroadcasts(name, maxAge));
      return rows.map(({ id, payload }) => ({ id: String(id), payload: String(payload) }));
    },
    close: () => db.close(),
  };
  return createPollingMailbox(log, exchange, clock);
}
