import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import { storeOptions } from '../contract/test-store.ts';
import { BeatProcess } from '../support/beat-process.ts';
import { CELERIES, findCelery, requireCelery, Worker } from '../support/celery.ts';
import type { Module } from '../support/celery-pythons.ts';
import { Folder } from '../support/folder.ts';
import { History } from '../support/history.ts';
import { MariaServer } from '../support/mariadb.ts';
import { makeMessage } from '../support/message.ts';
import { PostgresServer } from '../support/postgres.ts';
import { requireService } from '../support/services.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { itKeepsItsPromises } from './promises.ts';
import { asYaml, BEAT_SCHEDULE } from './workers.config.ts';

const entries = Object.keys(BEAT_SCHEDULE).length;
const queues = ['celery', 'reports'];
const TABLES = join(import.meta.dirname, '../support/kombu_tables.py');

interface Kind {
  readonly service: 'postgres' | 'mariadbd';
  readonly dialect: string;
  /** The driver for each Celery: SQLAlchemy 1.4 does not know the default driver of 2.1. */
  readonly drivers: readonly Module[];
  readonly start: () => Promise<SqlServer>;
}

const KINDS: readonly Kind[] = [
  { service: 'postgres', dialect: 'postgresql', drivers: ['psycopg2', 'psycopg'], start: () => PostgresServer.start() },
  { service: 'mariadbd', dialect: 'mysql', drivers: ['pymysql', 'pymysql'], start: () => MariaServer.start() },
];

for (const { service, dialect, drivers, start } of KINDS) {
  for (const [i, celery] of CELERIES.entries()) {
    const driver = drivers[i]!;
    const urlOf = (server: SqlServer) => server.url().replace(dialect, `${dialect}+${driver}`);
    const missing = requireService(service) || requireCelery(celery, driver);
    const name = `Celery ${findCelery(celery)?.version ?? ''} on ${dialect}, by ${driver}`;

    describe.skipIf(missing)(missing || name, () => {
      const folder = new Folder({ 'beat.config.yaml': asYaml() });
      const cwd = folder.path;
      const history = new History();
      let server: SqlServer;

      beforeAll(async () => {
        server = await start();
        const brokerUrl = urlOf(server);
        await history.record({
          entries,
          beat: () => new BeatProcess({ cwd, args: ['-b', brokerUrl] }),
          worker: () => new Worker(celery, { brokerUrl, cwd, queues }),
        });
      });
      afterAll(async () => {
        await server.stop();
        folder[Symbol.dispose]();
      });

      itKeepsItsPromises(history);

      test('queues are empty and the lock is free afterwards', async () => {
        expect(await server.readPayloads()).toEqual([]);
        expect(await server.query('SELECT * FROM beat_lock')).toEqual([]);
      });

      test('the tables are those of kombu', async () => {
        const { python } = findCelery(celery, driver)!;
        const publish = async () => {
          const store = openSqlStore(storeOptions(server.url()));
          await store.broker.publish([makeMessage('made by beat')]);
          await store.close();
        };
        await server.empty();
        await publish();
        const ours = await server.describeKombuTables();
        expect(ours.length).toBeGreaterThan(0);
        await server.empty();
        execFileSync(python, [TABLES, urlOf(server)]);
        expect(ours).toEqual(await server.describeKombuTables());
        await publish();
        expect(await server.readPayloads('celery')).toHaveLength(1);
      });
    });
  }
}
