import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cron } from '../../../src/schedule/cron/cron.ts';
import { crontab } from '../../../src/schedule/crontab.ts';
import type { Schedule } from '../../../src/schedule/schedule.ts';
import { timedelta } from '../../../src/schedule/timedelta.ts';
import { fields, instant, line, zone, ZONES } from './arbitrary.ts';
import { dueByReading, readings } from './oracle.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function walkUntil(schedule: Schedule, after: Date, until: Date): Date[] {
  const found: Date[] = [];
  let last = schedule.next(after);
  while (last !== null && last <= until) {
    found.push(last);
    last = schedule.next(last);
  }
  return found;
}

/** Days on which something odd happened to the clocks of a place. */
const ODD_DAYS: [zone: string, day: string][] = [
  ['America/New_York', '2025-03-09'],
  ['America/New_York', '2025-11-02'],
  ['Europe/Dublin', '2025-10-26'],
  ['Europe/London', '1972-03-19'],
  ['Australia/Lord_Howe', '2025-04-05'],
  ['Australia/Lord_Howe', '2025-10-04'],
  ['America/Santiago', '2025-04-06'],
  ['America/Santiago', '2025-09-07'],
  ['America/Havana', '2025-11-02'],
  ['America/St_Johns', '2006-10-29'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Argentina/Tucuman', '2004-06-13'],
  ['America/Caracas', '2007-12-09'],
  ['Antarctica/Troll', '2025-03-30'],
  ['Antarctica/Troll', '2025-10-26'],
  ['Asia/Amman', '2022-10-28'],
  ['Asia/Beirut', '2023-03-30'],
  ['Asia/Gaza', '2040-10-20'],
  ['Asia/Pyongyang', '2018-05-04'],
  ['Asia/Tehran', '2022-09-21'],
  ['Africa/Casablanca', '2025-02-23'],
  ['Africa/Cairo', '2014-05-15'],
  ['Pacific/Apia', '2011-12-30'],
  ['Pacific/Kwajalein', '1993-08-21'],
];

describe('any calendar schedule', () => {
  test.each(ODD_DAYS)('in %s around %s it is due in the minutes that the rule says', (timezone, day) => {
    const middle = Date.parse(day);
    const clock = readings(timezone, middle - 1.5 * DAY, middle + 2 * DAY);
    const until = new Date(clock.at(-1)!.at);
    fc.assert(
      fc.property(fields, fc.integer({ min: 0, max: 3 * 24 * 60 }), (texts, minutes) => {
        const after = new Date(clock[0]!.at + minutes * 60_000 + (minutes % 3));
        for (const union of [true, false]) {
          const make = union ? cron(line(texts), { timezone }) : crontab(texts, { timezone });
          const expected = dueByReading(clock, texts, union).filter((due) => due > after);
          expect(walkUntil(make, after, until), make.spec).toEqual(expected);
        }
      }),
      { numRuns: 12 },
    );
  });

  test('next is strictly later, over years, in every zone', () => {
    for (const timezone of ZONES) {
      fc.assert(
        fc.property(fields, instant(1970, 2060), (texts, after) => {
          const schedule = cron(line(texts), { timezone });
          const end = after.getTime() + 5 * 365 * DAY;
          let at = after.getTime();
          for (let step = 1; at < end; step++) {
            const next = schedule.next(new Date(at))?.getTime() ?? Infinity;
            expect(next).toBeGreaterThan(at);
            // Three in a row, then a leap: five years of every minute would take too long.
            at = step % 3 === 0 ? next + 37 * DAY : next;
          }
        }),
        { numRuns: 2 },
      );
    }
  });

  test('next does not depend on previous calls', () => {
    fc.assert(
      fc.property(fields, zone, fc.array(instant(2024, 2026)), (texts, timezone, questions) => {
        const schedule = crontab(texts, { timezone });
        const answers = questions.map((after) => schedule.next(after));
        expect(questions.toReversed().map((after) => schedule.next(after))).toEqual(answers.toReversed());
      }),
    );
  });

  test('latest equals the last occurrence found with next', () => {
    const hours = fc.integer({ min: 0, max: 40 * 24 });
    fc.assert(
      fc.property(fields, zone, instant(2020, 2030), hours, (texts, timezone, after, length) => {
        const schedule = crontab(texts, { timezone });
        const until = new Date(after.getTime() + (length * HOUR) / (texts.minute === '*' ? 20 : 1));
        const last = walkUntil(schedule, after, until).at(-1) ?? null;
        expect(schedule.latest!(after, until)).toEqual(last);
        expect(schedule.latest!(after, until)).toEqual(last);
      }),
    );
  });

  test('latest of a relative interval equals the last occurrence found with next', () => {
    const hours = fc.integer({ min: 1, max: 200 });
    const places = fc.constantFrom('UTC', 'Australia/Lord_Howe', 'America/Santiago', 'Pacific/Apia');
    const start = fc.oneof(instant(2011, 2012), instant(2024, 2026));
    fc.assert(
      fc.property(places, start, hours, fc.boolean(), (timezone, after, every, days) => {
        const seconds = (days ? Math.ceil(every / 24) * DAY : every * HOUR) / 1_000;
        const schedule = timedelta({ seconds: seconds }, { relative: true, timezone });
        const until = new Date(after.getTime() + 200 * DAY);
        const occurrences = walkUntil(schedule, after, until);
        expect(schedule.latest!(after, until)).toEqual(occurrences.at(-1) ?? null);
      }),
      { numRuns: 100 },
    );
  });
});
