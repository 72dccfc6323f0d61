import { expect, test } from 'vitest';
import type { Database } from '../../../../src/drivers/sql/database.ts';
import { DatabaseError } from '../../../../src/drivers/sql/database-error.ts';
import { createPrune, type Prune } from '../../../../src/drivers/sql/messages.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/syntax.ts';
import type { ErrorKind } from '../../../../src/drivers/sql/dialect.ts';
import type { Sql } from '../../../../src/drivers/sql/sql.ts';

/** A table with so many rows that may go; notes what the pruner looks for and deletes. */
class Table {
  readonly looks: (readonly unknown[])[] = [];
  readonly deleted: (readonly number[])[] = [];
  readonly warnings: (string | null)[] = [];
  kind: ErrorKind | null = null;
  readonly prune: Prune;
  taken: number;

  constructor(taken: number) {
    this.taken = taken;
    const run = async ({ text, values: [first, kept] }: Sql) => {
      if (!text.startsWith('SELECT')) {
        this.deleted.push(first as number[]);
        this.taken -= (first as number[]).length;
        return { rows: [], changes: 0 };
      }
      this.looks.push([first, kept]);
      if (this.kind) throw new DatabaseError('it failed', this.kind, {});
      const count = Math.min(Number(first), this.taken);
      // The newest first, as text, as drivers give large numbers.
      const rows = Array.from({ length: count }, (_row, i) => ({ id: String(100 + count - i) }));
      return { rows, changes: 0 };
    };
    const db: Pick<Database, 'separately' | 'sql'> = { separately: () => ({ run }), sql: STATEMENTS };
    this.prune = createPrune(db as unknown as Database, (kind, text) => {
      expect(kind).toBe('pruning');
      this.warnings.push(text);
    });
  }
}

test('sql pruner: the first commit removes consumed messages except the newest 1,000', async () => {
  const table = new Table(3);
  await table.prune(1);
  expect(table.looks).toEqual([[501, 1_000]]);
  expect(table.deleted).toEqual([[101, 102, 103]]);
});

test('sql pruner: the next pruning follows 500 insertions', async () => {
  const table = new Table(0);
  await table.prune(0);
  expect(table.looks).toHaveLength(1);
  await table.prune(200);
  await table.prune(299);
  expect(table.looks).toHaveLength(1);
  await table.prune(1);
  expect(table.looks.slice(1)).toEqual([[500, 1_000]]);
  expect(table.deleted).toEqual([]);
});

test('sql pruner: each commit removes 500 of many consumed messages', async () => {
  const table = new Table(1_200);
  for (let i = 0; i < 4; i++) await table.prune(0);
  expect(table.deleted.map((ids) => ids.length)).toEqual([500, 500, 200]);
  expect(table.looks).toHaveLength(3);
});

test('sql pruner: the next commit repeats a failed pruning, and only a missing right is a warning', async () => {
  const table = new Table(5_000);
  table.kind = 'connection-lost';
  await table.prune(100);
  expect(table.warnings).toEqual([]);
  table.kind = 'denied';
  await table.prune(100);
  expect(table.warnings).toEqual(['Consumed messages stay in the table kombu_message: it failed']);
  table.kind = null;
  await table.prune(100);
  expect(table.looks.map(([most]) => most)).toEqual([600, 700, 800]);
  expect(table.deleted.map((ids) => ids.length)).toEqual([800]);
  expect(table.warnings.at(-1)).toBeNull();
});
