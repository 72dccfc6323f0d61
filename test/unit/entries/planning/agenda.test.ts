import { expect, test } from 'vitest';
import { Agenda } from '../../../../src/entries/planning/agenda.ts';
import { alignedSchedule, makeEntry, HOUR, MINUTE, makeState } from '../../../support/entry.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

const minutely = makeEntry({ name: 'minutely' });
const hourly = makeEntry({ name: 'hourly', schedule: alignedSchedule(HOUR) });
const never = makeEntry({ name: 'never', schedule: { spec: 'never', next: () => null } });

test('only due entries are taken, sorted by time, then by name', () => {
  const record = makeState({ anchor: NOON - 1 });
  const agenda = new Agenda();
  for (const entry of [minutely, hourly, never]) agenda.add(entry, record);
  expect(agenda.wakeAt).toBe(NOON);
  expect(agenda.take(NOON - 1)).toEqual([]);
  expect(agenda.take(NOON).map((item) => item.entry.name)).toEqual(['hourly', 'minutely']);
  expect(agenda.wakeAt).toBe(Infinity);
});

test('after its run, an entry waits for its next occurrence', () => {
  const agenda = new Agenda();
  agenda.add(minutely, makeState({ dueAt: NOON }));
  agenda.add(never, makeState({ dueAt: NOON }));
  expect(agenda.wakeAt).toBe(NOON + MINUTE);
});

test('an entry that must wait is not taken early, and keeps its occurrence', () => {
  const agenda = new Agenda();
  agenda.add(minutely, makeState({ anchor: NOON - 1 }), NOON + 10_000);
  expect(agenda.wakeAt).toBe(NOON + 10_000);
  expect(agenda.take(NOON + 9_999)).toEqual([]);
  expect(agenda.take(NOON + 10_000)).toMatchObject([{ dueAt: NOON }]);
});

test('an entry that was removed, or has another place, is skipped', () => {
  const agenda = new Agenda();
  const due = makeState({ anchor: NOON - 1 });
  const names = ['c', 'a', 'b', 'd'];
  for (const name of names) agenda.add(makeEntry({ name }), due);
  agenda.remove('d');
  agenda.add(makeEntry({ name: 'b' }), due);
  agenda.add(makeEntry({ name: 'c' }), due, NOON + 1);
  expect(agenda.take(NOON).map(({ entry }) => entry.name)).toEqual(['a', 'b']);
  agenda.remove('c');
  expect(agenda.wakeAt).toBe(Infinity);
  expect(agenda.take(NOON + HOUR)).toEqual([]);
});

test('after it was cleared, an agenda has only what was added since', () => {
  const agenda = new Agenda();
  const due = makeState({ anchor: NOON - 1 });
  agenda.add(minutely, due);
  agenda.clear();
  expect([...agenda]).toEqual([]);
  expect(agenda.wakeAt).toBe(Infinity);
  agenda.add(hourly, due);
  expect(agenda.take(NOON).map(({ entry }) => entry.name)).toEqual(['hourly']);
});
