import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { ExpiringSet } from '../../../src/util/expiring-set.ts';

const HOUR = 3_600_000;

function rig(limit = 10) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  return { clock, set: new ExpiringSet({ retention: HOUR, limit, clock }) };
}

test('expiring set: a text is deleted once', () => {
  const { set } = rig();
  set.add('a');
  expect(set.has('a')).toBe(true);
  expect([set.delete('a'), set.delete('a'), set.delete('b')]).toEqual([true, false, false]);
  expect(set.has('a')).toBe(false);
});

test('expiring set: a text is removed when its time since the last addition is over', () => {
  const { clock, set } = rig();
  set.add('a');
  clock.advance(HOUR / 2);
  set.add('b');
  set.add('c');
  clock.advance(HOUR / 2);
  set.add('c');
  expect([...set]).toEqual(['b', 'c']);
  clock.advance(HOUR / 2);
  expect([...set]).toEqual(['c']);
  clock.advance(HOUR / 2 - 1);
  expect(set.has('c')).toBe(true);
  clock.advance(1);
  expect(set.has('c')).toBe(false);
});

test('expiring set: the oldest texts are removed over the limit', () => {
  const { set } = rig(2);
  for (const text of ['a', 'b', 'a', 'c']) set.add(text);
  expect([...set]).toEqual(['a', 'c']);
});
