import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { readSqlQueue } from '../support/queues.ts';
import { requireService } from '../support/services.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { takeover } from './takeover.ts';

const KINDS = [
  ['PostgreSQL', 'postgres', () => PostgresServer.start()],
  ['MariaDB', 'mariadbd', () => MariaServer.start()],
] as const;

for (const [name, service, start] of KINDS) {
  const missing = requireService(service);

  describe.skipIf(missing)(missing || `two instances on one ${name}`, () => {
    let server: SqlServer;
    beforeAll(async () => {
      server = await start();
    });
    beforeEach(() => server.empty());
    afterAll(() => server.stop());

    takeover(name, { brokerUrl: () => server.url(), queued: () => readSqlQueue(server) });
  });
}
