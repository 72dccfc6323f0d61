import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cron } from '../../../../src/schedule/cron/cron.ts';
import { dayFields, timeFields } from './cron-parts.ts';
import { walk } from '../walk.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Every instant at a distance that the condition holds for, from one day on. */
function matching(holds: (date: Date) => boolean, from: number, until: number, step: number) {
  const found: Date[] = [];
  for (let at = from; at < until; at += step) if (holds(new Date(at))) found.push(new Date(at));
  return found;
}

/** All that is due before an instant. */
function dueBefore(line: string, from: number, until: number): Date[] {
  const schedule = cron(line);
  const found: Date[] = [];
  let next = schedule.next(new Date(from - 1));
  while (next !== null && next.getTime() < until) {
    found.push(next);
    next = schedule.next(next);
  }
  return found;
}

describe('a cron expression beyond crontab(5)', () => {
  test('is due on exactly the days that match its fields', () => {
    const months = fc.integer({ min: 0, max: 5 * 12 });
    fc.assert(
      fc.property(dayFields, months, ({ dayOfMonth, month, dayOfWeek, year }, start) => {
        const from = Date.UTC(2024, start);
        const until = from + 400 * DAY;
        const either = dayOfMonth.text !== '*' && dayOfWeek.text !== '*';
        const expected = matching(
          (date) => {
            const [byDate, byName] = [dayOfMonth.holds(date), dayOfWeek.holds(date)];
            const day = either ? byDate || byName : byDate && byName;
            return day && month.holds(date) && year.holds(date);
          },
          from,
          until,
          DAY,
        );
        const line = `0 0 0 ${dayOfMonth.text} ${month.text} ${dayOfWeek.text} ${year.text}`;
        expect(dueBefore(line, from, until), line).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('is due in exactly the minutes that match its fields', () => {
    const from = Date.UTC(2026, 0);
    fc.assert(
      fc.property(timeFields, ({ minute, hour }) => {
        const holds = (date: Date) => minute.holds(date) && hour.holds(date);
        const expected = matching(holds, from, from + DAY, MINUTE);
        const line = `${minute.text} ${hour.text} * * *`;
        expect(dueBefore(line, from, from + DAY), line).toEqual(expected);
      }),
    );
  });

  test('has a canonical text that parses to the same schedule', () => {
    fc.assert(
      fc.property(dayFields, ({ dayOfMonth, month, dayOfWeek, year }) => {
        const { spec } = cron(`0 0 0 ${dayOfMonth.text} ${month.text} ${dayOfWeek.text} ${year.text}`);
        const [, text] = /^cron\(([^)]*)\)/.exec(spec)!;
        expect(cron(text!).spec).toContain(`cron(${text!})`);
      }),
    );
  });

  test('has the same spec for any order of the parts of a field', () => {
    const reversed = (text: string) => text.split(',').toReversed().join(',');
    fc.assert(
      fc.property(dayFields, timeFields, (days, { minute, hour }) => {
        const texts = [
          minute.text,
          hour.text,
          days.dayOfMonth.text,
          days.month.text,
          days.dayOfWeek.text,
          days.year.text,
        ];
        const line = `0 ${texts.join(' ')}`;
        expect(cron(`0 ${texts.map(reversed).join(' ')}`)).toBe(cron(line));
      }),
    );
  });

  test('with H is due once a day, in the range, at the same time for the same name', () => {
    const hours = fc.integer({ min: 0, max: 23 });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), hours, hours, (seed, from, to) => {
        const line = `H H(${from}-${to}) * * *`;
        const [first, second] = walk(cron(line, { seed }), new Date('2026-01-01T00:00Z'), 2);
        expect(second!.getTime() - first!.getTime()).toBe(DAY);
        const hour = first!.getUTCHours();
        expect(from <= to ? hour >= from && hour <= to : hour >= from || hour <= to).toBe(true);
        expect(walk(cron(line, { seed }), new Date('2026-01-01T00:00Z'), 1)).toEqual([first]);
      }),
    );
  });
});
