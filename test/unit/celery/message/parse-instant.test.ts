import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pythonIso } from '../../../../src/celery/message/parse-instant.ts';

describe('instants as Python writes them', () => {
  test.each([
    ['2026-11-21T05:34:07.241Z', 'UTC', '2026-11-21T05:34:07.241000+00:00'],
    ['2026-11-21T05:34:07.000Z', 'UTC', '2026-11-21T05:34:07+00:00'],
    ['2026-11-21T05:34:07.001Z', 'Europe/Oslo', '2026-11-21T06:34:07.001000+01:00'],
    ['2026-07-21T23:30:00.000Z', 'Europe/Oslo', '2026-07-22T01:30:00+02:00'],
    ['2026-11-21T00:00:00.000Z', 'America/St_Johns', '2026-11-20T20:30:00-03:30'],
    ['2026-11-21T00:00:00.000Z', 'Asia/Kathmandu', '2026-11-21T05:45:00+05:45'],
    ['1969-12-31T23:59:59.999Z', 'UTC', '1969-12-31T23:59:59.999000+00:00'],
  ])('%s in %s is %s', (instant, zone, text) => {
    expect(pythonIso(Date.parse(instant), zone)).toBe(text);
  });

  test('change their offset at the instant of the clock change', () => {
    const change = Date.UTC(2026, 9, 25, 1);
    expect(pythonIso(change - 1, 'Europe/Oslo')).toBe('2026-10-25T02:59:59.999000+02:00');
    expect(pythonIso(change, 'Europe/Oslo')).toBe('2026-10-25T02:00:00+01:00');
    expect(pythonIso(change - 1, 'Europe/Oslo')).toBe('2026-10-25T02:59:59.999000+02:00');
    // Lord Howe's clock changes in the middle of an hour of UTC, and by half an hour.
    const lordHowe = Date.UTC(2026, 9, 3, 15, 30);
    expect(pythonIso(lordHowe - 1, 'Australia/Lord_Howe')).toBe('2026-10-04T01:59:59.999000+10:30');
    expect(pythonIso(lordHowe, 'Australia/Lord_Howe')).toBe('2026-10-04T02:30:00+11:00');
  });

  test('are parsed to the same instant in every zone', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const instants = fc.integer({ min: Date.UTC(1901, 0), max: Date.UTC(2200, 0) });
    fc.assert(
      fc.property(instants, zones, (instant, zone) => {
        expect(Date.parse(pythonIso(instant, zone))).toBe(instant);
      }),
    );
  });
});
