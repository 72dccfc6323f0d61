import { IANAZone } from 'luxon';
import { describe, expect, test } from 'vitest';
import { checkZone } from '../../../../src/schedule/zone/zone-names.ts';
import { getZone, offsetReader, Zone } from '../../../../src/schedule/zone/zone.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONES = Intl.supportedValuesOf('timeZone');

function offsetInHours(name: string, text: string): number {
  return getZone(name).spanAt(Date.parse(text)).offset / HOUR;
}

function accepts(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

describe('a zone', () => {
  test.each([
    ['America/Recife', '2000-10-12T00:00Z', -2],
    ['America/Boa_Vista', '2000-10-12T00:00Z', -3],
    ['America/Argentina/Tucuman', '2004-06-08T00:00Z', -4],
    ['Africa/Casablanca', '2025-03-10T00:00Z', 0],
    ['Asia/Kathmandu', '2025-01-01T00:00Z', 5.75],
    ['Africa/Monrovia', '1971-01-01T00:00Z', -0.741_666_666_666_666_7],
  ])('%s has its shortest spans and its unusual offsets (%s)', (name, text, hours) => {
    expect(offsetInHours(name, text)).toBe(hours);
  });

  test('finds a change to the second', () => {
    const before = Date.parse('2025-03-09T06:59:59.999Z');
    const zone = getZone('America/New_York');
    expect(zone.spanAt(before).end).toBe(before + 1);
    expect(zone.spanAt(before + 1)).toMatchObject({ start: before + 1, offset: -4 * HOUR });
  });

  test('records the latest local time shown before clocks go back', () => {
    const change = Date.parse('2025-11-02T06:00Z');
    const span = getZone('America/New_York').spanAt(change);
    expect(span.reached - (change + span.offset)).toBe(HOUR);
  });

  test('agrees with luxon in every zone on every other day of a year', () => {
    const wrong: string[] = [];
    for (const name of ZONES) {
      const source = IANAZone.create(name);
      const zone = getZone(name);
      for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 2 * DAY) {
        if (zone.spanAt(at).offset === source.offset(at) * 60_000) continue;
        wrong.push(`${name} ${new Date(at).toISOString()}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('has an offset at the first and last instant of Date', () => {
    for (const at of [-8.64e15, 8.64e15]) {
      const { start, end } = getZone('Asia/Tokyo').spanAt(at);
      expect(start <= at && at < end).toBe(true);
    }
  });
});

describe('the name of a zone', () => {
  test('is rejected for every abbreviation that only ICU knows', () => {
    const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
    const words = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
    const known = words.filter((word) => accepts(() => new Intl.DateTimeFormat('en', { timeZone: word })));
    const taken = known.filter((word) => accepts(() => checkZone(word)));
    expect(known).toContain('BST');
    expect(taken).toEqual('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));
  });

  test('is accepted for every zone that Node lists', () => {
    expect(ZONES.filter((name) => checkZone(name) !== name)).toEqual([]);
  });

  test.each([
    ['Europe/Oslo', 'Europe/Oslo'],
    ['europe/oslo', 'Europe/Oslo'],
    ['utc', 'UTC'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['US/Eastern', 'US/Eastern'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['EST', 'EST'],
    ['cet', 'CET'],
    ['est5edt', 'EST5EDT'],
    ['GB', 'GB'],
    ['Etc/GMT-14', 'Etc/GMT-14'],
  ])('%s is accepted as %s', (given, spelled) => {
    expect(checkZone(given)).toBe(spelled);
  });

  test.each([
    ['Europe/Olso', '; did you mean "Europe/Oslo"?'],
    ['Mars/Olympus', ''],
    ['+02:00', ''],
    ['BST', '; did you mean "Europe/London"?'],
    ['ist', '; did you mean "Asia/Kolkata"?'],
    ['AST', '; did you mean "America/Halifax"?'],
    ['PST', '; did you mean "America/Los_Angeles"?'],
    ['CEST', '; did you mean "Europe/Berlin"?'],
    ['VST', ''],
    ['SystemV/PST8', ''],
    ['Factory', ''],
    ['constructor', ''],
    ['', ''],
    [7, ''],
  ])('%j is rejected', (given, guess) => {
    const message = `timezone: ${JSON.stringify(given)} is not the name of an IANA time zone${guess}`;
    expect(() => checkZone(given)).toThrow(ConfigError);
    expect(() => checkZone(given)).toThrow(message);
  });
});

/** Hours ahead of UTC, as the abbreviations are defined. */
const OFFSETS = {
  ACDT: 10.5,
  ACST: 9.5,
  ADT: -3,
  AEDT: 11,
  AEST: 10,
  AET: 10,
  AKDT: -8,
  AKST: -9,
  ART: -3,
  AST: -4,
  AWST: 8,
  BRT: -3,
  BST: 1,
  CAT: 2,
  CDT: -5,
  CEST: 2,
  CST: -6,
  CT: -6,
  EAT: 3,
  ECT: -5,
  EDT: -4,
  EEST: 3,
  ET: -5,
  GST: 4,
  HKT: 8,
  ICT: 7,
  IST: 5.5,
  JST: 9,
  KST: 9,
  MDT: -6,
  MSK: 3,
  MT: -7,
  NDT: -2.5,
  NST: -3.5,
  NZDT: 13,
  NZST: 12,
  PDT: -7,
  PHT: 8,
  PKT: 5,
  PST: -8,
  PT: -8,
  SAST: 2,
  SGT: 8,
  SST: -11,
  WAT: 1,
  WEST: 1,
  WIB: 7,
  Z: 0,
};

function suggested(name: string): string {
  try {
    checkZone(name);
  } catch (error) {
    const [problem] = (error as ConfigError).errors;
    return /; did you mean "(.+)"\?$/.exec(problem?.message ?? '')?.[1] ?? '';
  }
  throw new Error(`${name} is accepted`);
}

test.each(Object.entries(OFFSETS))(
  'timezone: the zone suggested for %s is %d hours ahead of UTC at a time of the year',
  (name, hours) => {
    const zone = getZone(checkZone(suggested(name)));
    const offsets = ['2026-01-15T00:00Z', '2026-07-15T00:00Z'].map(
      (text) => zone.spanAt(Date.parse(text)).offset / 3_600_000,
    );
    expect(offsets).toContain(hours);
  },
);

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
])('zone: a clock change at a quarter of an hour is found without a search of seconds (%s)', (timezone, text) => {
  expect(questions(timezone, text)).toBeLessThan(25);
});

test('zone: finds a clock change at an odd minute to the second', () => {
  const zone = new Zone('America/St_Johns');
  const change = Date.parse('2006-10-29T02:31Z');
  expect(zone.spanAt(change - 1).end).toBe(change);
  expect(questions('America/St_Johns', '2006-10-29T00:00Z')).toBeGreaterThan(25);
});
