import { describe, expect, test } from 'vitest';

import { BeatError, ConfigError } from '../../../../src/util/errors.ts';
import { cron } from '../../../../src/schedule/cron/cron.ts';
import { stableHash } from '../../../../src/schedule/stable-hash.ts';

const after = new Date('2026-01-01T00:00Z');
const specOf = (line: string, seed: string) => cron(line, { seed }).spec;

/** What H chose in a field, over many names. */
function chosen(line: string, i: number): Set<string> {
  const names = Array.from({ length: 2_000 }, (_, n) => `entry-${n}`);
  return new Set(names.map((name) => specOf(line, name).slice(5).split(/[ )]/)[i]!));
}

function numbers(from: number, to: number): Set<string> {
  return new Set(Array.from({ length: to - from + 1 }, (_, i) => String(from + i)));
}

describe('H in cron', () => {
  // A change of these texts moves the tasks of every user who has H.
  test.each([
    ['H H * * *', 'cleanup', 'cron(48 15 * * *) fixed UTC'],
    ['H H * * *', 'nightly-report', 'cron(44 2 * * *) fixed UTC'],
    ['h h * * *', 'é', 'cron(31 20 * * *) fixed UTC'],
    ['H/15 * * * *', 'cleanup', 'cron(3-48/15 * * * *) elapsed UTC'],
    ['H(0-29)/10 * * * *', 'cleanup', 'cron(8-28/10 * * * *) elapsed UTC'],
    ['H H(22-2) H * * *', 'cleanup', 'cron(20 56 15 * * *) fixed UTC'],
    ['0 0 H H H(mon-fri)', 'cleanup', 'cron(0 0 17 9 4) either-day fixed UTC'],
  ])('%s of %s is the same in every process: %s', (line, seed, spec) => {
    expect(specOf(line, seed)).toBe(spec);
  });

  test('uses a hash function that never changes', () => {
    expect([stableHash(''), stableHash('minute cleanup'), stableHash('é')]).toEqual([
      2_872_998_923, 4_158_793_788, 2_387_039_943,
    ]);
  });

  test.each([
    ['second', 'H 0 0 * * * 2199', 0, numbers(0, 59)],
    ['minute', 'H 0 * * *', 0, numbers(0, 59)],
    ['hour', '0 H * * *', 1, numbers(0, 23)],
    ['day of month, which every month has', '0 0 H * *', 2, numbers(1, 28)],
    ['month', '0 0 1 H *', 3, numbers(1, 12)],
    ['day of week', '0 0 * * H', 4, numbers(0, 6)],
    ['range', 'H(10-19) 0 * * *', 0, numbers(10, 19)],
    ['range past the end', '0 H(22-2) * * *', 1, new Set(['22', '23', '0', '1', '2'])],
    ['range of names', '0 0 * * H(fri-sun)', 4, new Set(['5', '6', '0'])],
  ])('selects from all values of the %s field', (_, line, i, expected) => {
    expect(chosen(line, i)).toEqual(expected);
  });

  test('selects the start of a step', () => {
    expect(chosen('H/20 * * * *', 0)).toEqual(
      new Set(Array.from({ length: 20 }, (_, i) => `${i},${i + 20},${i + 40}`).map(even)),
    );
    expect(chosen('H(0-29)/10 * * * *', 0)).toEqual(new Set(Array.from({ length: 10 }, (_, i) => `${i}-${i + 20}/10`)));
  });

  test('selects each field independently', () => {
    const same = Array.from({ length: 500 }, (_, n) => specOf('H H * * *', `e${n}`)).filter((spec) =>
      /^cron\((\d+) \1 /.test(spec),
    );
    expect(same.length).toBeLessThan(30);
  });

  test('gives fixed times without a step, and elapsed time with a step', () => {
    expect(specOf('H(0-29) H(1-3) * * *', 'a')).toContain(' fixed ');
    expect(specOf('H/30 3 * * *', 'a')).toContain(' elapsed ');
  });

  test('accepts a step as large as its range', () => {
    expect(chosen('H(0-9)/10 * * * *', 0)).toEqual(numbers(0, 9));
  });

  test('can be combined with other parts', () => {
    expect(specOf('0,H * * * *', 'cleanup')).toBe('cron(0,48 * * * *) elapsed UTC');
  });

  test.each([
    ['HL', '0 9 * * HL', 'day of week: "HL" is invalid; allowed with H'],
    ['H within a step', '*/H * * * *', 'minute: "*/H" is invalid; allowed with H'],
    ['H within a range', '1-H * * * *', 'minute: "1-H" is invalid; allowed with H'],
    ['a number before H', '5H * * * *', 'minute: "5H" is invalid; allowed with H'],
    ['an H range without brackets', 'H-5 * * * *', 'minute: "H-5" is invalid; allowed with H'],
    ['H in the year', '0 0 0 1 1 * H', 'year: "H" is not allowed for years'],
    ['a range that is not the field’s', 'H(0-60) * * * *', 'minute: "60" is out of range 0-59'],
    ['a step wider than the range', 'H(0-9)/20 * * * *', 'a step larger than the 10 values'],
    ['a step of 0', 'H/0 * * * *', 'has a step that is not a positive integer'],
  ])('is rejected as %s', (_, line, message) => {
    expect(() => cron(line)).toThrow(ConfigError);
    expect(() => cron(line)).toThrow(message);
  });
});

describe('a cron schedule with H and without an entry', () => {
  test('throws from next with a hint to pass a seed', () => {
    expect(() => cron('H 3 * * *').next(after)).toThrow(BeatError);
    expect(() => cron('H 3 * * *').next(after)).toThrow('pass a seed');
  });

  test('forEntry uses the name of the entry and keeps the zone', () => {
    const timezone = 'Europe/Oslo';
    const expected = cron('H 3 * * *', { seed: 'cleanup', timezone });
    const own = cron('H 3 * * *', { timezone });
    expect(own.forEntry!('cleanup')).toBe(expected);
    expect(own.timezone).toBe(timezone);
    expect(own.inZone!('Asia/Tokyo')).toBe(own);
    expect(cron('H 3 * * *').inZone!(timezone).forEntry!('cleanup')).toBe(expected);
    expect(cron('H 3 * * *').forEntry!('cleanup').inZone!(timezone)).toBe(expected);
  });

  test('has a unique spec', () => {
    expect(cron('H 3 * * *').spec).not.toBe(cron('H 4 * * *').spec);
    expect(cron('H 3 * * *').spec).toBe(cron('H  3 * * *').spec);
  });

  test('rejects an unknown zone at once', () => {
    expect(() => cron('H 3 * * *', { timezone: 'Mars/Olympus' })).toThrow(ConfigError);
  });
});

/** As the spec writes three members at even distances. */
function even(list: string): string {
  const [first, , last] = list.split(',');
  return first === '0' ? '*/20' : `${first}-${last}/20`;
}
