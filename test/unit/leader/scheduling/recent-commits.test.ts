import { expect, test } from 'vitest';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { RecentCommits } from '../../../../src/leader/scheduling/recent-commits.ts';
import { makeState, SECOND } from '../../../support/entry.ts';

/** A store whose states the test sets. */
function open() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const stored = new Map<string, EntryState>();
  const asked: (readonly string[])[] = [];
  const unreadable = new Set<string>();
  let isDown = false;
  const recent = new RecentCommits({
    clock,
    ledger: {
      findStates: async (names, report) => {
        asked.push(names);
        if (isDown) throw new Error('unreachable');
        for (const name of names) if (unreadable.has(name)) report(name, new Error('damaged') as never);
        return new Map([...stored].filter(([name]) => names.includes(name) && !unreadable.has(name)));
      },
    },
  });
  recent.clear();
  const commit = (entry: string, rev: number) => {
    const state = makeState({ rev });
    stored.set(entry, state);
    recent.add(entry, state);
  };
  return { clock, stored, asked, unreadable, recent, commit, fail: () => (isDown = true) };
}

test('recent commits: a store that has them all ends no term', async () => {
  const { clock, recent, commit } = open();
  commit('a', 3);
  commit('a', 4);
  clock.advance(30 * SECOND);
  expect(recent.checkAt).toBe(clock.now());
  await recent.check();
  expect(recent.checkAt).toBe(clock.now() + 30 * SECOND);
});

test('recent commits: a wall clock that was wrong for a while does not delay the check', async () => {
  const { clock, recent } = open();
  clock.set('2027-03-01T13:00:00Z');
  await recent.check();
  clock.set('2027-03-01T12:00:00Z');
  clock.advance(30 * SECOND);
  expect(recent.checkAt).toBe(clock.now());
});

test.each([
  ['an older state', makeState({ rev: 3 })],
  ['no state', null],
])('recent commits: a store that has %s of an entry ends the term', async (_, state) => {
  const { stored, recent, commit } = open();
  commit('a', 4);
  if (state) stored.set('a', state);
  else stored.delete('a');
  await expect(recent.check()).rejects.toThrow('the store lost commits, such as that of a');
});

test('recent commits: a newer state, a removed entry, a damaged state and a store that does not answer end no term', async () => {
  const { stored, unreadable, clock, recent, commit, fail } = open();
  commit('newer', 4);
  stored.set('newer', makeState({ rev: 5 }));
  clock.advance(SECOND);
  commit('removed', 4);
  recent.add('removed', null);
  stored.delete('removed');
  clock.advance(SECOND);
  commit('damaged', 4);
  unreadable.add('damaged');
  await expect(recent.check()).resolves.toBeUndefined();
  fail();
  stored.clear();
  await expect(recent.check()).resolves.toBeUndefined();
});

test('recent commits: of the commits in a second the last one is looked for, for two minutes, and the newest for ever', async () => {
  const { clock, asked, recent, commit } = open();
  for (const entry of ['a', 'b', 'c']) {
    commit(entry, 1);
    clock.advance(400);
  }
  commit('d', 1);
  await recent.check();
  clock.advance(118 * SECOND);
  await recent.check();
  clock.advance(SECOND);
  await recent.check();
  clock.advance(3_600 * SECOND);
  await recent.check();
  expect(asked).toEqual([['c', 'd'], ['c', 'd'], ['d'], ['d']]);
});

test('recent commits: a new term forgets those of the one before', async () => {
  const { stored, recent, commit } = open();
  commit('a', 4);
  stored.clear();
  recent.clear();
  await expect(recent.check()).resolves.toBeUndefined();
});
