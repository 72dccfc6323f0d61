import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/util/clock.ts';
import { Database } from '../../../../src/drivers/sql/database.ts';
import { SqlLedger } from '../../../../src/drivers/sql/ledger.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/statements.ts';
import { Pruner } from '../../../../src/drivers/sql/pruner.ts';
import type { SqlDialect } from '../../../../src/drivers/sql/dialect.ts';
import { Queues } from '../../../../src/routing/queues.ts';
import { encodeState } from '../../../../src/store/entry-state.ts';
import { NEW_STATE } from '../../../support/change.ts';

test('sql ledger: load reads every state once, at most 5,000 with one statement', async () => {
  const records = Array.from({ length: 12_345 }, (_, i) => ({
    entry: `entry ${String(i).padStart(5, '0')}`,
    record: encodeState({ ...NEW_STATE, runCount: i }),
  }));
  const pages: number[] = [];
  const dialect: SqlDialect = {
    ...{ name: 'PostgreSQL', location: 'here', user: null, listen: null, sql: STATEMENTS },
    mask: (text) => text,
    classifyError: () => 'connection-lost',
    connect: async () => ({
      usable: true,
      run: async ({ values: [, from, limit] }) => {
        const rest = records.filter(({ entry }) => entry >= String(from));
        const rows = rest.slice(0, Number(limit));
        pages.push(rows.length);
        return { rows, changes: 0 };
      },
      close: async () => {},
    }),
  };
  const db = new Database(dialect, 'test', 1_000, systemClock);
  const pruner = new Pruner(db, STATEMENTS);
  const queues = new Queues();
  const ledger = new SqlLedger({ db, sql: STATEMENTS, pruner, prefix: 'beat', queues });
  const found = await ledger.load();
  expect([...found.keys()]).toEqual(records.map(({ entry }) => entry));
  expect([...found.values()].map(({ runCount }) => runCount)).toEqual([...records.keys()]);
  expect(Math.max(...pages)).toBe(5_000);
  await db.close();
});
