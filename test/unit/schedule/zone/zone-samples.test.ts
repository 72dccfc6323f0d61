import { expect, test } from 'vitest';

import { offsetReader, Zone } from '../../../../src/schedule/zone/zone.ts';

/** How often the tz database is asked about the 30 days around an instant. */
function questions(timezone: string, text: string): number {
  let count = 0;
  const offsetAt = offsetReader(timezone);
  const zone = new Zone(timezone, (instant) => {
    count += 1;
    return offsetAt(instant);
  });
  zone.spanAt(Date.parse(text));
  return count;
}

test('zone: reads seven offsets for a month without a clock change', () => {
  expect(questions('America/New_York', '2026-07-10T00:00Z')).toBe(7);
});

test.each([
  ['America/New_York', '2006-04-01T00:00Z'],
  ['Europe/Oslo', '2006-03-28T00:00Z'],
  ['Australia/Lord_Howe', '2006-10-29T00:00Z'],
])(
  'zone: a clock change at a quarter of an hour is found without a search of seconds (%s)',
  (timezone, text) => {
    expect(questions(timezone, text)).toBeLessThan(25);
  },
);

test('zone: finds a clock change at an odd minute to the second', () => {
  const zone = new Zone('America/St_Johns');
  const change = Date.parse('2006-10-29T02:31Z');
  expect(zone.spanAt(change - 1).end).toBe(change);
  expect(questions('America/St_Johns', '2006-10-29T00:00Z')).toBeGreaterThan(25);
});
