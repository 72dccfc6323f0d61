import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { catchUp as catchUpInSteps } from '../../../../src/entries/planning/catch-up.ts';
import { nextDueAt } from '../../../../src/entries/planning/next-due.ts';
import { newState } from '../../../../src/contracts/store/entry-state.ts';
import { entryOf, entryProblems } from '../support.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const catchUp = (...args: Parameters<typeof catchUpInSteps>) => runAtOnce(catchUpInSteps(...args));

const specOf = (entry: object, settings: object = {}) => entryOf(entry, settings).schedule.spec;
const daily = { cron: '0 4 * * *' };

describe('limits of an entry:', () => {
  // The ledger stores these texts: a changed one would restart the schedule of every user of the field.
  test.each([
    [{ schedule: 60 }, 'every(60000ms)'],
    [{ schedule: 60, jitter: 0 }, 'every(60000ms)'],
    [{ schedule: daily }, 'cron(0 4 * * *) fixed UTC'],
    [{ schedule: daily, jitter: '30s' }, 'cron(0 4 * * *) fixed UTC jitter(30000ms "e")'],
    [{ schedule: '1h', offset: '5m' }, 'every(3600000ms) offset 300000ms'],
    [{ schedule: { cron: '@every 1h' }, offset: 300 }, 'every(3600000ms) offset 300000ms'],
    [{ schedule: 60, jitter: 5 }, 'every(60000ms) offset 0ms jitter(5000ms "e")'],
    [
      { schedule: '2d', from: '2026-01-01T09:00', timezone: 'Europe/Oslo' },
      'every(172800000ms) offset 28800000ms from(2026-01-01T08:00:00.000Z)',
    ],
    [
      { schedule: daily, timezone: 'Europe/Oslo', from: '2027-01-01', until: '2027-07-01', count: 3 },
      'cron(0 4 * * *) fixed Europe/Oslo from(2026-12-31T23:00:00.000Z) until(2027-06-30T22:00:00.000Z) count(3)',
    ],
    [
      { schedule: '10m', between: '22:00-6:00', timezone: 'Europe/Oslo' },
      'every(600000ms) offset 0ms only(times(22:00-06:00)) Europe/Oslo',
    ],
    [
      { schedule: { cron: '*/5 * * * *', timezone: 'Asia/Tokyo' }, between: ['9:00-17:00', '08:00-08:30'], jitter: 1 },
      'cron(*/5 * * * *) elapsed Asia/Tokyo only(times(08:00-08:30 09:00-17:00)) Asia/Tokyo jitter(1000ms "e")',
    ],
    [
      { schedule: { timedelta: { days: 1 } }, relative: true, timezone: 'Europe/Oslo', jitter: '1h' },
      'every(86400000ms) round Europe/Oslo jitter(3600000ms "e")',
    ],
  ])('%j has its own spec', (entry, spec) => {
    expect(specOf(entry)).toBe(spec);
  });

  test.each([
    [{ jitter: '30' }, 'jitter: expected a number of seconds, or text such as 500ms'],
    [{ offset: '1m' }, 'offset: expected less than the interval of 1 minute'],
    [{ schedule: daily, offset: 5 }, 'offset: applies to intervals without relative'],
    [{ relative: true, offset: 5 }, 'offset: applies to intervals without relative'],
    [{ schedule: '2h', relative: true, jitter: 5 }, 'relative: 2 hours on round instants depend on the run before'],
    [{ count: 3 }, 'count: is counted from an instant, and there is none; add from: …'],
    [{ count: 0, from: '2027-01-01' }, 'count: expected a whole number from 1 to 1000, got 0'],
    [{ from: 'soon' }, 'from: expected an instant such as 2030-01-31T08:00:00Z, got "soon"'],
    [{ from: '2027-02-01', until: '2027-01-01' }, 'until: is earlier than from'],
    [{ between: '9-17' }, 'between: expected times of day such as 09:00-17:00 or 22:00-06:00, got "9-17"'],
    [{ between: ['09:00-10:00', '09:60-10:00'] }, 'between[1]: expected times of day'],
    [{ between: '24:00-03:00' }, 'between: expected times of day'],
    [{ between: '09:00-09:00' }, 'between: "09:00-09:00" has no length'],
    [{ schedule: daily, between: '09:00-17:00' }, 'schedule.cron: at 04:00, only 09:00-17:00: is never due'],
    [{ schedule: daily, until: '2025-01-01' }, 'schedule.cron: at 04:00, until 2025-01-01 00:00: is never due'],
    [
      { schedule: { solar: { event: 'sunset', lat: 1, lon: 2 } }, from: '2027-01-01', count: 500 },
      'count: expected at most 400 with solar',
    ],
  ])('%j is rejected', (entry, problem) => {
    expect(entryProblems(entry)).toEqual([expect.stringContaining(problem)]);
  });

  test('errors of several limits are reported together', () => {
    const places = (entry: object) =>
      entryProblems(entry)
        .map((line) => line.split(':')[0])
        .toSorted();
    expect(places({ jitter: 'x', between: '9', task: 5 })).toEqual(['between', 'jitter', 'task']);
    const entry = { between: '9', offset: '2m', count: 3, only: 'no', from: '2030-02-01', until: '2030-01-01' };
    expect(places(entry)).toEqual(['between', 'offset', 'only', 'until']);
  });

  test('a schedule made in code supports them too', () => {
    const hourly = {
      spec: 'hours',
      next: (after: Date) => new Date((Math.floor(after.getTime() / 3.6e6) + 1) * 3.6e6),
    };
    const { schedule } = entryOf({ schedule: hourly, between: '09:00-10:00', timezone: 'Europe/Oslo' });
    expect(schedule.spec).toBe('hours only(times(09:00-10:00)) Europe/Oslo');
    expect(schedule.next(new Date('2026-07-01T12:00:00Z'))).toEqual(new Date('2026-07-02T07:00:00Z'));
  });

  test('the definition of a stored entry contains them', () => {
    const { definitions } = resolveSettings({ timezone: 'Europe/Oslo' });
    const given = { task: 't', schedule: '1h', offset: '5m', jitter: '10s', between: '09:00-17:00' };
    const { entry, definition } = definitions.read('e', given);
    expect(definition).toEqual({ ...given, timezone: 'Europe/Oslo' });
    expect(entry.schedule.spec).toBe(
      'every(3600000ms) offset 300000ms only(times(09:00-17:00)) Europe/Oslo jitter(10000ms "e")',
    );
  });

  test('the lateness of a run with jitter counts from the delayed instant, and missed runs are caught up once', () => {
    const entry = entryOf({ schedule: '1h', jitter: '10m' });
    const state = newState(entry.schedule.spec, Date.parse('2026-11-01T00:30:00Z'));
    const first = nextDueAt(entry, state);
    expect(first - Date.parse('2026-11-01T01:00:00Z')).toBeGreaterThan(0);
    expect(catchUp(entry, first, first)).toEqual({ runs: [first], skipped: [], changes: { dueAt: first } });
    const now = Date.parse('2026-11-01T05:59:00Z');
    const { runs, skipped, changes } = catchUp(entry, first, now);
    expect(runs).toEqual([changes.dueAt]);
    expect(changes.dueAt).toBeGreaterThan(Date.parse('2026-11-01T05:00:00Z'));
    expect(skipped).toEqual([expect.objectContaining({ reason: 'coalesced', count: 4, first })]);
  });

  test('count is the number of occurrences from the first instant, also after a restart', () => {
    const entry = entryOf({ schedule: '1h', from: '2026-11-01T00:00:00Z', count: 3, jitter: '1m' });
    const state = newState(entry.schedule.spec, Date.parse('2026-10-01T00:00:00Z'));
    const instants: number[] = [];
    for (let dueAt = nextDueAt(entry, state); dueAt !== Infinity;) {
      instants.push(dueAt);
      dueAt = nextDueAt(entry, { ...state, dueAt });
    }
    expect(instants.map((at) => new Date(at).toISOString().slice(0, 13))).toEqual([
      '2026-11-01T00',
      '2026-11-01T01',
      '2026-11-01T02',
    ]);
    const late = newState(entry.schedule.spec, Date.parse('2026-11-01T01:30:00Z'));
    expect(nextDueAt(entry, late)).toBe(instants[2]);
  });
});
