import { boundLedger } from '../support/bound-ledger.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Beat } from '../../src/leader/beat.ts';
import type { BeatConfig } from '../../src/generated/config-types.ts';
import type { Change } from '../../src/contracts/store/commit.ts';
import { advance, type EntryState } from '../../src/contracts/store/entry-state.ts';
import type { Ledger } from '../../src/contracts/store/ledger.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { systemClock } from '../../src/util/system-clock.ts';
import { makeFirstRun, type RunChange } from '../support/change.ts';
import { leadOnce } from '../support/lead-once.ts';
import { makeMessage } from '../support/message.ts';
import type { TestStateStore } from './outbox.contract.ts';
import { isReadable } from '../../src/contracts/store/unreadable.ts';

/** What newer releases may add to a state, as the leader of one. */
const ADDED = { version: 9, quota: { by: 'ops', until: null }, note: 'ü' };

/** The ledger of a newer release: each state that it writes has fields that this release does not know. */
function newerRelease(ledger: Ledger): Ledger {
  const written = new Map<EntryState, EntryState>();
  const extend = ({ before, after, ...change }: Change): Change => {
    const extended = { ...after!, ...ADDED };
    written.set(after!, extended);
    return { ...change, before: before && (written.get(before) ?? before), after: extended };
  };
  return {
    ...boundLedger(ledger),
    commit: ({ token, changes }, stop) => ledger.commit({ token, changes: changes.map(extend) }, stop),
    close: () => ledger.close(),
  };
}

/** What ledgers promise of the state's format, and across releases. */
export function stateContract(name: string, openTestStore: () => Promise<TestStateStore>): void {
  describe(`state format: ${name}`, () => {
    let testStore: TestStateStore;
    beforeEach(async () => {
      testStore = await openTestStore();
    });
    afterEach(() => testStore.close());

    test('the states of some entries are read without those of the others', async () => {
      const store = await testStore.open();
      const token = await store.ledger.beginTerm();
      const changes = ['a', 'b', 'c'].map((entry) => ({ ...makeFirstRun(entry), messages: [] }));
      await store.ledger.commit({ token, changes });
      await testStore.damageState('c');
      const damaged: string[] = [];
      const states = await store.ledger.findStates(['a', 'c', 'absent'], (entry) => {
        damaged.push(entry);
      });
      expect([...states.keys()]).toEqual(['a']);
      expect(states.get('a')).toEqual((await store.ledger.load(() => {})).get('a'));
      expect(damaged).toEqual(['c']);
      expect(await store.ledger.findStates([], () => {})).toEqual(new Map());
    });

    const published = async () => (await testStore.queued('celery')).map(({ taskId }) => taskId);
    const run = (before: EntryState, taskId: string): RunChange => ({
      entry: 'a',
      before,
      after: advance(before, { taskId }),
      messages: [makeMessage(taskId)],
    });

    test('a commit that does not move dueAt publishes its messages, and its repetition publishes nothing', async () => {
      const { ledger } = await testStore.open();
      const token = await ledger.beginTerm();
      const first = makeFirstRun('a', 'scheduled');
      await ledger.commit({ token, changes: [first] });
      const byHand = run(first.after, 'by hand');
      const again = run(byHand.after, 'by hand');
      for (const change of [byHand, byHand, again, again]) {
        expect(await ledger.commit({ token, changes: [change] })).toEqual({ kind: 'committed' });
      }
      expect(await published()).toEqual(['scheduled', 'by hand', 'by hand']);
      expect((await ledger.load()).get('a')).toEqual(again.after);
    });

    test('an append that does not move dueAt adds its messages to the outbox once', async () => {
      const { ledger } = await testStore.open();
      const token = await ledger.beginTerm();
      const first = makeFirstRun('a', 'scheduled');
      await ledger.append({ token, changes: [first] });
      const byHand = run(first.after, 'by hand');
      for (let i = 0; i < 2; i++) await ledger.append({ token, changes: [byHand] });
      const pending = await ledger.pending(10, '');
      expect(pending.filter(isReadable).map(({ message }) => message.taskId)).toEqual(['scheduled', 'by hand']);
    });

    test('a commit of this release preserves the fields of a newer release', async () => {
      const { ledger } = await testStore.open();
      const token = await ledger.beginTerm();
      const first = makeFirstRun('a', 'one');
      await newerRelease(ledger).commit({ token, changes: [first] });
      const read = (await ledger.load()).get('a')!;
      expect(read).toEqual({ ...first.after, ...ADDED });
      expect(await ledger.commit({ token, changes: [run(read, 'two')] })).toEqual({ kind: 'committed' });
      expect((await ledger.load()).get('a')).toEqual({ ...read, rev: read.rev + 1, taskId: 'two' });
    });

    test('two releases that lead in turn publish each run once, and the newer one’s fields stay', async () => {
      const minutes = Array.from({ length: 6 }, (_, i) => `2027-03-01T12:0${i}:00Z`);
      const config: BeatConfig = {
        brokerUrl: testStore.url,
        resultExpires: null,
        timezone: 'UTC',
        beatSchedule: { a: { task: 'tasks.a', schedule: { cron: '* * * * *' }, missed: 'all' } },
      };
      for (const [i, now] of minutes.entries()) {
        const own = await testStore.open();
        const ledger = i % 2 === 1 ? newerRelease(own.ledger) : own.ledger;
        const store: Store = { ...own, ledger };
        const clock = { ...systemClock, now: () => Date.parse(now), monotonic: () => 0 };
        await leadOnce(new Beat(config, { clock, store }));
      }
      const ids = await published();
      expect(ids).toHaveLength(5);
      expect(new Set(ids).size).toBe(5);
      const state = (await (await testStore.open()).ledger.load()).get('a');
      expect(state).toMatchObject({ runCount: 5, rev: 6, ...ADDED });
    });
  });
}
