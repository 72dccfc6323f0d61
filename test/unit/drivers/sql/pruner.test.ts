import { expect, test } from 'vitest';
import { DatabaseError, type Database } from '../../../../src/drivers/sql/database.ts';
import { Pruner } from '../../../../src/drivers/sql/pruner.ts';
import { STATEMENTS } from '../../../../src/drivers/sql/postgresql/statements.ts';
import type { Fault } from '../../../../src/drivers/sql/server.ts';
import type { Sql } from '../../../../src/drivers/sql/statements.ts';

/** A table with so many rows that may go; notes what the pruner looks for and deletes. */
class Table {
  readonly looks: (readonly unknown[])[] = [];
  readonly deleted: (readonly number[])[] = [];
  readonly warnings: (string | null)[] = [];
  fault: Fault | null = null;
  readonly pruner: Pruner;
  taken: number;

  constructor(taken: number) {
    this.taken = taken;
    const db = {
      read: async (_: string, { values: [most, kept] }: Sql) => {
        this.looks.push([most, kept]);
        if (this.fault) throw new DatabaseError('it failed', this.fault, {});
        const count = Math.min(Number(most), this.taken);
        // The newest first, as text, as drivers give large numbers.
        return Array.from({ length: count }, (_row, i) => ({ id: String(100 + count - i) }));
      },
      write: async (_: string, { values: [ids] }: Sql) => {
        this.deleted.push(ids as number[]);
        this.taken -= (ids as number[]).length;
        return 0;
      },
    };
    this.pruner = new Pruner(db as unknown as Database, STATEMENTS, (kind, text) => {
      expect(kind).toBe('pruning');
      this.warnings.push(text);
    });
  }
}

test('pruning of taken messages begins with the first commit, whatever it inserted, and keeps a thousand', async () => {
  const table = new Table(3);
  await table.pruner.prune(1);
  expect(table.looks).toEqual([[501, 1_000]]);
  expect(table.deleted).toEqual([[101, 102, 103]]);
});

test('pruning of taken messages waits for 500 insertions after the last', async () => {
  const table = new Table(0);
  await table.pruner.prune(0);
  expect(table.looks).toHaveLength(1);
  await table.pruner.prune(200);
  await table.pruner.prune(299);
  expect(table.looks).toHaveLength(1);
  await table.pruner.prune(1);
  expect(table.looks.slice(1)).toEqual([[500, 1_000]]);
  expect(table.deleted).toEqual([]);
});

test('pruning of many taken messages goes on with each commit until they are gone', async () => {
  const table = new Table(1_200);
  for (let i = 0; i < 4; i++) await table.pruner.prune(0);
  expect(table.deleted.map((ids) => ids.length)).toEqual([500, 500, 200]);
  expect(table.looks).toHaveLength(3);
});

test('pruning that failed is made up for by the next commit, and only a missing right is a warning', async () => {
  const table = new Table(5_000);
  table.fault = 'lost';
  await table.pruner.prune(100);
  expect(table.warnings).toEqual([]);
  table.fault = 'denied';
  await table.pruner.prune(100);
  expect(table.warnings).toEqual(['Messages that workers have taken stay in the table: it failed']);
  table.fault = null;
  await table.pruner.prune(100);
  expect(table.looks.map(([most]) => most)).toEqual([600, 700, 800]);
  expect(table.deleted.map((ids) => ids.length)).toEqual([800]);
  expect(table.warnings.at(-1)).toBeNull();
});
