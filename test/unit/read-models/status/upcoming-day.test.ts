import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { countUpcoming, type UpcomingDay } from '../../../../src/read-models/status/upcoming-day.ts';
import { newState } from '../../../../src/contracts/store/entry-state.ts';
import { runAtOnce } from '../../../../src/util/steps.ts';

const NOW = Date.parse('2027-03-01T12:00:30Z');

function count(beatSchedule: NonNullable<BeatConfig['beatSchedule']>, paused?: string): UpcomingDay {
  const { entries } = resolveSettings({ resultExpires: null, beatSchedule });
  const pause = { since: NOW, until: null, reason: null, by: '' };
  const records = entries.map((entry) => ({
    entry,
    state: entry.name === paused ? { ...newState(entry.schedule.spec, NOW), pause } : null,
  }));
  return runAtOnce(countUpcoming(records, NOW));
}

/** The minutes that have runs, with how many. */
const minutes = ({ counts }: UpcomingDay) => counts.flatMap((runs, minute) => (runs > 0 ? [[minute, runs]] : []));

const task = 't';

test('upcoming day: counts the runs of each minute from the current one on', () => {
  const day = count({
    daily: { task, schedule: { cron: '0 3 * * *' } },
    also: { task, schedule: { cron: '0 3 * * *' } },
    later: { task, schedule: { cron: '0 3 2 4 *' } },
    hours: { task, schedule: 6 * 3_600 },
  });
  expect(new Date(day.from).toISOString()).toBe('2027-03-01T12:00:00.000Z');
  expect(minutes(day)).toEqual([
    [360, 1],
    [720, 1],
    [900, 2],
    [1080, 1],
  ]);
});

test('upcoming day: leaves out disabled and paused entries', () => {
  const schedule = { cron: '0 3 * * *' };
  const day = count({ off: { task, schedule, enabled: false }, paused: { task, schedule } }, 'paused');
  expect(minutes(day)).toEqual([]);
});

test('upcoming day: counts entries that run every minute or more often separately', () => {
  const day = count({ fast: { task, schedule: 2 }, minute: { task, schedule: 60 } });
  expect(minutes(day)).toEqual([]);
  expect(day.frequent).toEqual({ entries: 2, runsPerMinute: 31 });
});
