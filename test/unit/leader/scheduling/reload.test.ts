import { expect, test } from 'vitest';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { alignedSchedule, intervalSchedule, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

const entry = (name: string, parts: Partial<Parameters<typeof makeEntry>[0]> = {}) =>
  makeEntry({ name, task: name, schedule: intervalSchedule(MINUTE), ...parts });

test('a reload: an entry that did not change keeps its place', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick, reload } = await begin([entry('a'), entry('b')]);
  clock.advance(40 * SECOND);
  await reload([entry('a'), entry('c')]);
  clock.advance(20 * SECOND);
  await tick();
  expect(sent()).toEqual(['a 2027-03-01T12:01:00.000Z']);
});

test('a reload: an entry with another task and the same schedule keeps its place', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick, reload } = await begin([entry('a')]);
  clock.advance(40 * SECOND);
  await reload([entry('a', { task: 'other' })]);
  clock.advance(20 * SECOND);
  await tick();
  expect(sent()).toEqual(['other 2027-03-01T12:01:00.000Z']);
});

test('a reload: an added entry counts from now', async () => {
  const { clock, sent, begin, emitted } = makeRig();
  const { tick, reload } = await begin([]);
  clock.advance(40 * SECOND);
  await reload([entry('a')]);
  expect(emitted['entry-changed']).toEqual([{ entry: 'a', change: 'added' }]);
  expect(await tick()).toBe(Date.parse('2027-03-01T12:01:40Z'));
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual(['a 2027-03-01T12:01:40.000Z']);
});

test('a reload: an edited schedule counts from now', async () => {
  const { clock, begin, emitted } = makeRig();
  const { tick, reload } = await begin([entry('a')]);
  clock.advance(40 * SECOND);
  await reload([entry('a', { schedule: intervalSchedule(30 * SECOND) })]);
  expect(emitted['entry-changed']).toContainEqual({ entry: 'a', change: 'edited' });
  expect(await tick()).toBe(Date.parse('2027-03-01T12:01:10Z'));
});

test('a reload: a removed and a disabled entry are not sent again', async () => {
  const { clock, sent, begin, emitted } = makeRig();
  const { tick, reload } = await begin([entry('a'), entry('b')]);
  await reload([entry('b', { enabled: false })]);
  expect(emitted['entry-changed']).toContainEqual({ entry: 'a', change: 'removed' });
  expect(emitted['entry-changed']).toContainEqual({ entry: 'b', change: 'disabled' });
  clock.advance(5 * MINUTE);
  expect(await tick()).toBe(Infinity);
  expect(sent()).toEqual([]);
});

test('reload: an entry that is added again does not catch up on the time of its absence', async () => {
  const { clock, sent, begin } = makeRig();
  const { tick, reload } = await begin([entry('a', { schedule: alignedSchedule(MINUTE) })]);
  await reload([]);
  clock.advance(5 * MINUTE);
  await reload([entry('a', { schedule: alignedSchedule(MINUTE) })]);
  await tick();
  expect(sent()).toEqual([]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual(['a 2027-03-01T12:06:00.000Z']);
});

test('a reload: an entry that did not change stays paused after a failure', async () => {
  const { clock, begin, emitted } = makeRig();
  const broken = () => {
    throw new Error('no arguments');
  };
  const failing = entry('a', { compute: broken });
  const { tick, reload } = await begin([failing]);
  clock.advance(MINUTE);
  const retryAt = await tick();
  expect(emitted.failure).toHaveLength(1);
  await reload([failing, entry('b')]);
  expect(await tick()).toBe(retryAt);
  expect(emitted.failure).toHaveLength(1);
});

test('a reload: an entry whose state cannot be read blocks no other', async () => {
  const { clock, sent, begin, store } = makeRig();
  const { tick, reload, term } = await begin([]);
  const unreadable = { entry: 'a', before: null, after: {} as EntryState, messages: [] };
  await store.ledger.commit({ token: term.token, changes: [unreadable] });
  await reload([entry('a'), entry('b')]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual(['b 2027-03-01T12:01:00.000Z']);
});
