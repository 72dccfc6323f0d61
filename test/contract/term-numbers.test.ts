import { describe, expect, test } from 'vitest';
import { openSqlStore } from '../support/open-sql-store.ts';
import { makeFirstRun } from '../support/change.ts';
import { SQL_PRODUCTS } from '../support/sql-servers.ts';
import { storeOptions } from './test-store.ts';

const HOUR = 3_600_000;

describe.each(SQL_PRODUCTS)('$name terms', ({ name, missing, start }) => {
  test.skipIf(missing)(
    `on ${name} go on growing when the server's clock is set back, with the tables or without them`,
    async () => {
      const server = await start();
      const store = openSqlStore(storeOptions(server.url()));
      const terms = [await store.ledger.beginTerm()];
      // A number of the time at which the clock still was an hour ahead.
      await server.query('UPDATE beat_term SET number = number + ?', HOUR);
      terms.push(await store.ledger.beginTerm());
      expect(terms[1]).toBeGreaterThan(Date.now() + HOUR / 2);
      await server.empty();
      terms.push(await store.ledger.beginTerm());
      expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b));
      expect(await store.ledger.commit({ token: terms[1]!, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
      await store.close();
      await server.stop();
    },
  );
});
