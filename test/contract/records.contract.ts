import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../src/util/errors.ts';
import type { StateStore } from '../../src/store/store.ts';
import { makeFirstRun, NEW_RECORD, makeNextRun } from '../support/change.ts';
import type { StatePlace } from './outbox.contract.ts';

/** What a ledger promises of records that cannot be read, and of their removal. */
export function recordsContract(name: string, openPlace: () => Promise<StatePlace>): void {
  describe(`records: ${name}`, () => {
    let place: StatePlace;
    let ledger: StateStore['ledger'];

    beforeEach(async () => {
      place = await openPlace();
      ({ ledger } = await place.open());
    });
    afterEach(() => place.close());

    const ODD = ["it's", '-x', ' ', 'a\nb', '芹菜 🥬', '__proto__', 'a:b*{c}"d"\\'];

    test('a record that cannot be read is reported with its entry, and the others are read', async () => {
      const good = makeFirstRun('good');
      await ledger.commit(await ledger.beginTerm(), [good, makeFirstRun('bad')]);
      await place.damageRecord('bad');
      const errors = new Map<string, StoreError>();
      const records = await ledger.load((entry, error) => errors.set(entry, error));
      expect(records).toEqual(new Map([['good', good.record]]));
      expect([...errors.keys()]).toEqual(['bad']);
      expect(errors.get('bad')).toBeInstanceOf(StoreError);
      expect(errors.get('bad')!.message).toContain('the record of entry "bad" cannot be read');
    });

    test('removing a record leaves all others alone, whatever the name of the entry', async () => {
      const changes = [...ODD, 'other'].map((entry) => makeFirstRun(entry));
      await ledger.commit(await ledger.beginTerm(), changes);
      const term = await ledger.beginTerm();
      for (const entry of ODD) expect(await ledger.removeRecord(term, entry)).toBe(true);
      expect([...(await ledger.load()).keys()]).toEqual(['other']);
    });

    test('removes a record that cannot be read, and one that is not there', async () => {
      await ledger.commit(await ledger.beginTerm(), [makeFirstRun('bad')]);
      await place.damageRecord('bad');
      const term = await ledger.beginTerm();
      expect(await ledger.removeRecord(term, 'bad')).toBe(true);
      expect(await ledger.removeRecord(term, 'bad')).toBe(true);
      expect(await ledger.load()).toEqual(new Map());
    });

    test('removing a record leaves that of another key prefix alone', async () => {
      const other = (await place.open({ keyPrefix: 'other' })).ledger;
      const theirs = makeFirstRun('a', 'theirs');
      await other.commit(await other.beginTerm(), [theirs]);
      const term = await ledger.beginTerm();
      await ledger.commit(term, [makeFirstRun('a', 'ours')]);
      expect(await ledger.removeRecord(term, 'a')).toBe(true);
      expect(await other.load()).toEqual(new Map([['a', theirs.record]]));
    });

    test('an older term removes nothing', async () => {
      const first = makeFirstRun('a');
      const old = await ledger.beginTerm();
      await ledger.commit(old, [first]);
      await (await place.open()).ledger.beginTerm();
      expect(await ledger.removeRecord(old, 'a')).toBe(false);
      expect(await ledger.load()).toEqual(new Map([['a', first.record]]));
    });

    test('after a removal a leader of before sends nothing: neither a new run, nor the last one again', async () => {
      const first = makeFirstRun('a', 'one');
      const leading = await ledger.beginTerm();
      await ledger.commit(leading, [first]);
      const repairing = (await place.open()).ledger;
      const term = await repairing.beginTerm();
      await repairing.removeRecord(term, 'a');
      expect(await ledger.commit(leading, [first])).toEqual({ kind: 'superseded' });
      expect(await ledger.commit(leading, [makeNextRun(first, 'two')])).toEqual({
        kind: 'superseded',
      });
      const fresh = { entry: 'a', expected: null, record: NEW_RECORD, messages: [] };
      expect(await repairing.commit(term, [fresh])).toEqual({ kind: 'committed' });
      const next = await ledger.beginTerm();
      expect(await ledger.commit(next, [makeNextRun(first, 'two')])).toMatchObject({
        kind: 'conflict',
      });
      expect((await place.queued('celery')).map(({ taskId }) => taskId)).toEqual(['one']);
    });
  });
}
