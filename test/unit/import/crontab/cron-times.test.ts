import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findBackwards, readCronLine } from '../../../../src/import/crontab/cron-line.ts';
import { runsByCron, upcomingByCron, type CronZones } from '../../../../src/import/crontab/cron-times.ts';

interface Recorded {
  readonly records: readonly {
    readonly zone: string;
    readonly after: string;
    readonly until: string;
    readonly runs: Readonly<Record<string, readonly string[]>>;
  }[];
}

const { records } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/crontab/recorded.json'), 'utf8'),
) as Recorded;

const toText = (instant: number) => new Date(instant).toISOString().replace('.000Z', 'Z');

function runsOf(when: string, zones: CronZones, after: string, until: string): readonly string[] {
  return [...runsByCron(readCronLine(when)!, zones, Date.parse(after), Date.parse(until))].map(toText);
}

describe("the model of cron: runs each line when Debian's cron ran it", () => {
  test.each(
    records.flatMap(({ zone, after, until, runs }) =>
      Object.entries(runs).map(([when, instants]) => ({ zone, after, until, when, instants })),
    ),
  )('$when in $zone after $after', ({ zone, after, until, when, instants }) => {
    expect(runsOf(when, { host: zone }, after, until)).toEqual(instants);
  });
});

test('the model of cron: cronie skips times that do not exist in CRON_TZ, and runs repeated ones twice', () => {
  const zones = { host: 'UTC', table: 'Europe/Oslo' };
  expect(runsOf('30 2 * * *', zones, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual(['2026-03-30T00:30:00Z']);
  expect(runsOf('30 2 * * *', zones, '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toEqual([
    ...['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
  ]);
});

test('the model of cron: cronie runs no fixed time of CRON_TZ while the clocks of the host repeat an hour', () => {
  const zones = { host: 'Europe/Oslo', table: 'UTC' };
  const range = ['2026-10-25T00:00:00Z', '2026-10-25T03:00:00Z'] as const;
  expect(runsOf('30 1,2 * * *', zones, ...range)).toEqual(['2026-10-25T02:30:00Z']);
  expect(runsOf('30 * * * *', zones, ...range)).toHaveLength(3);
});

test('the model of cron: a rare date is found, and one that does not exist ends the search', () => {
  const next = (when: string, count: number) =>
    upcomingByCron(readCronLine(when)!, { host: 'UTC' })(new Date('2026-01-01T00:00:00Z'), count);
  expect(next('0 0 29 2 *', 3).map((at) => at?.toISOString().slice(0, 10))).toEqual([
    ...['2028-02-29', '2032-02-29', '2036-02-29'],
  ]);
  expect(next('0 0 31 2 *', 2)).toEqual([null, null]);
});

test('the model of cron: reads what cron accepts', () => {
  const wrong = ['* * * *', '60 * * * *', '* * 0 * *', '* * * 13 *', '* * * * 8', '*/0 * * * *'];
  for (const when of [...wrong, '5/2 * * * *', '? * * * *', '1,, * * * *', 'jan * * * *', '@never'])
    expect(readCronLine(when), when).toBeNull();
  expect(readCronLine('*/90 1-3,9 1-31/10 JAN,feb sun,7')).toMatchObject({
    minutes: [0],
    hours: [1, 2, 3, 9],
    days: new Set([1, 11, 21, 31]),
    months: new Set([1, 2]),
    weekdays: new Set([0]),
    bothDays: false,
    wildcard: true,
  });
  expect(findBackwards('0 1,22-2/2 * * *')).toBe('22-2/2');
  expect(findBackwards('0 1 * * fri-sun')).toBe('fri-sun');
  expect(findBackwards('0 1-2 * jan-feb *')).toBeUndefined();
});
