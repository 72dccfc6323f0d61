import { randomUUID } from 'node:crypto';
import { encodeEnvelope } from '../../celery/kombu/envelope.ts';
import type { Mailbox, MailboxOptions } from '../../contracts/broker/mailbox.ts';
import { BROADCAST_RETENTION, createPollingMailbox } from '../polling/polling-mailbox.ts';
import type { Message } from '../../celery/message/message.ts';
import type { Clock } from '../../util/clock.ts';
import { Database } from './database.ts';
import { inspectFile } from './inspect-file.ts';
import { sqlitePath } from './path.ts';
import { READ_BROADCASTS, REMOVE_OLD_BROADCASTS, WRITE_BROADCAST } from './statements.ts';

/** Adds messages to the broadcasts of their exchanges, and removes old ones. */
export async function broadcast(
  db: Database,
  messages: readonly Message[],
  clock: Clock,
): Promise<void> {
  await db.write('broker.announce', (file) => {
    const now = clock.now();
    for (const message of messages) {
      const { exchange } = message.destination;
      const id = randomUUID();
      file.sql(REMOVE_OLD_BROADCASTS).run(exchange, now - BROADCAST_RETENTION);
      file.sql(WRITE_BROADCAST).run(exchange, id, encodeEnvelope(message, id), now);
    }
  });
}

/** Reads the broadcasts of an exchange. Throws a `ConfigError` for an invalid URL or file. */
export function openSqliteMailbox({ server, exchange, clock }: MailboxOptions): Mailbox {
  const path = sqlitePath(server.url);
  inspectFile(path);
  const db = new Database(path, clock);
  const log = {
    async read(name: string, maxAge: number) {
      if (!db.exists()) return [];
      const rows = await db.read('mailbox.read', (file) =>
        file.sql(READ_BROADCASTS).all(name, clock.now() - maxAge),
      );
      return rows.map(({ id, payload }) => ({ id: String(id), payload: String(payload) }));
    },
    close: async () => db.close(),
  };
  return createPollingMailbox(log, exchange, clock);
}
