import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/contracts/store/ledger.ts';
import type { Outbox } from '../../src/contracts/store/outbox.ts';
import { openSqlStore } from '../support/open-sql-store.ts';
import type { StateStore } from '../../src/contracts/store/store.ts';
import { makeFirstRun, makeNextRun } from '../support/change.ts';
import type { SqlServer } from '../support/sql-server.ts';
import { storeOptions } from './test-store.ts';

/** Two leaders at once, interleaved inside their transactions. */
export function sqlFencing(name: string, start: () => Promise<SqlServer>): void {
  describe(`${name} ledger, two leaders at once`, () => {
    let server: SqlServer;
    let former: Ledger & Outbox;
    let heir: Ledger & Outbox;
    const stores: StateStore[] = [];

    const open = (): Ledger & Outbox => {
      const store = openSqlStore(storeOptions(server.url()));
      stores.push(store);
      return store.ledger;
    };

    beforeAll(async () => {
      server = await start();
    });
    beforeEach(async () => {
      await server.empty();
      former = open();
      heir = open();
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });
    afterAll(() => server.stop());

    /** Holds a change of the term back until `commit`, as a leader does that is just beginning one. */
    const beginSlowly = async () => {
      const session = await server.session();
      await session.query('BEGIN');
      await session.query('UPDATE beat_term SET number = number + 1');
      return {
        commit: async () => {
          await session.query('COMMIT');
          await session[Symbol.asyncDispose]();
        },
      };
    };

    const first = makeFirstRun('a', 'one');
    const second = makeNextRun(first, 'two');
    const FENCED = { kind: 'fenced' };

    test.each(['commit', 'append'] as const)('a %s waits for a term that begins, and is fenced by it', async (what) => {
      const term = await former.beginTerm();
      const beginning = await beginSlowly();
      const outcome = former[what]({ token: term, changes: [first] });
      await Promise.race([server.waitForLockWaiters(), outcome]);
      await beginning.commit();
      expect(await outcome).toEqual(FENCED);
      expect(await heir.load()).toEqual(new Map());
      expect(await server.readPayloads()).toEqual([]);
      expect(await heir.pending(10, '')).toEqual([]);
    });

    test('a removal of messages waits for a term that begins, and is fenced by it', async () => {
      const term = await former.beginTerm();
      await former.append({ token: term, changes: [first] });
      const ids = (await former.pending(10, '')).map(({ id }) => id);
      const beginning = await beginSlowly();
      const outcome = former.remove(term, ids);
      await Promise.race([server.waitForLockWaiters(), outcome]);
      await beginning.commit();
      expect(await outcome).toBe(false);
      expect(await heir.pending(10, '')).toHaveLength(1);
    });

    test.each(['commit', 'append'] as const)(
      'a term that begins during a %s waits for its end, and reads its states',
      async (what) => {
        const term = await former.beginTerm();
        await former[what]({ token: term, changes: [first] });
        // The former leader has checked its term; it cannot write its record yet.
        await using other = await server.session();
        await other.query('BEGIN');
        await other.query(`SELECT state FROM beat_entry WHERE entry = 'a' FOR UPDATE`);
        const outcome = former[what]({ token: term, changes: [second] });
        await server.waitForLockWaiters();

        const taskId = heir.beginTerm().then(async () => (await heir.load()).get('a')?.taskId);
        await Promise.race([server.waitForLockWaiters(2), taskId]);
        await other.query('ROLLBACK');
        expect(await outcome).toMatchObject({ kind: 'committed' });
        expect(await taskId).toBe('two');
      },
    );
  });
}
