import { writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { Folder } from '../support/folder.ts';
import { MariaServer } from '../support/mariadb.ts';
import { PostgresServer } from '../support/postgres.ts';
import { certificate } from '../support/redis.ts';
import { requireService } from '../support/services.ts';
import { storeOptions } from './test-store.ts';

type Case = readonly [host: string, query: string, outcome: 'encrypted' | 'plain' | RegExp];

/** A file with an authority that signed none of these servers' certificates. */
const folder = new Folder();
const foreign = `${folder.path}/foreign.pem`;
writeFileSync(foreign, rootCertificates[0]!);
afterAll(() => folder[Symbol.dispose]());

const noPostgres = requireService('postgres');
const noMaria = requireService('mariadbd');

describe.skipIf(noPostgres)(noPostgres || 'postgresql and TLS', () => {
  let server: PostgresServer;
  let store: Store;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());
  afterEach(() => store.close());

  test.each<Case>([
    ['127.0.0.1', '', 'encrypted'],
    ['127.0.0.1', 'sslmode=disable', 'plain'],
    ['127.0.0.1', 'sslmode=allow', 'plain'],
    ['127.0.0.1', 'sslmode=require', 'encrypted'],
    ['127.0.0.1', 'sslmode=verify-ca', /self-signed certificate/],
    ['127.0.0.1', `sslmode=verify-ca&sslrootcert=${certificate}`, 'encrypted'],
    ['127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`, /altnames/],
    ['localhost', `sslmode=verify-full&sslrootcert=${certificate}`, 'encrypted'],
  ])('to %s with "%s": %s', async (host, query, outcome) => {
    store = openSqlStore(storeOptions(`${server.url().replace('127.0.0.1', host)}?${query}`));
    const loading = store.ledger.load();
    if (outcome instanceof RegExp) return expect(loading).rejects.toThrow(outcome);
    expect(await loading).toEqual(new Map());
    const look = `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = ?`;
    expect(await server.query(look, 'beat-ledger')).toEqual([{ ssl: outcome === 'encrypted' }]);
  });
});

describe.skipIf(noMaria)(noMaria || 'mysql and TLS', () => {
  let server: MariaServer;
  let store: Store;
  beforeAll(async () => {
    server = await MariaServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await store.close();
    await server.query(`ALTER USER beat REQUIRE NONE`);
  });

  test.each<Case>([
    ['127.0.0.1', '', 'plain'],
    ['127.0.0.1', 'ssl_mode=REQUIRED', 'encrypted'],
    ['localhost', 'ssl_verify_cert=true', /self-signed certificate/],
    ['127.0.0.1', `ssl_ca=${certificate}&ssl_check_hostname=false`, 'encrypted'],
    ['localhost', `ssl_ca=${certificate}`, 'encrypted'],
    ['localhost', `ssl_ca=${foreign}`, /self-signed certificate/],
    ['127.0.0.1', `ssl_ca=${foreign}&ssl_check_hostname=false`, /self-signed certificate/],
    ['localhost', `ssl_ca=${certificate}&ssl_mode=VERIFY_IDENTITY`, 'encrypted'],
  ])('to %s with "%s": %s', async (host, query, outcome) => {
    // Who has to use it is let in only so.
    if (outcome === 'encrypted') await server.query('ALTER USER beat REQUIRE SSL');
    // Connections that were encrypted so far; the test's own are not.
    const accepted = async () => {
      const [row] = await server.query(`SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'`);
      return Number((row as { Value: string }).Value);
    };
    const before = await accepted();
    store = openSqlStore(storeOptions(`${server.url().replace('127.0.0.1', host)}?${query}`));
    const loading = store.ledger.load();
    if (outcome instanceof RegExp) await expect(loading).rejects.toThrow(outcome);
    else expect(await loading).toEqual(new Map());
    if (outcome === 'plain') expect(await accepted()).toBe(before);
    if (outcome === 'encrypted') expect(await accepted()).toBeGreaterThan(before);
  });
});
