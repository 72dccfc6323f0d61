import { describe, expect, test } from 'vitest';

import { ConfigError } from '../../../src/util/errors.ts';
import { at } from '../../../src/schedule/at.ts';
import { due } from './walk.ts';

describe('at', () => {
  const early = '2000-01-01T00:00Z';

  test.each([
    ['2026-03-29T02:30:00Z', '2026-03-29T02:30Z'],
    ['2026-03-29T02:30+02:00', '2026-03-29T00:30Z'],
    ['2026-03-29', '2026-03-29T00:00Z'],
  ])('is due once, at %s', (text, expected) => {
    expect(due(at(text), early, 2)).toEqual([expected]);
  });

  test.each([
    ['in summer', '2026-07-01T12:00', '2026-07-01T10:00Z'],
    ['in a gap, at the moment after', '2026-03-29T02:30', '2026-03-29T01:00Z'],
    ['in an overlap, at the first pass', '2026-10-25T02:30', '2026-10-25T00:30Z'],
  ])('converts a local time in its zone: %s', (_, text, expected) => {
    expect(due(at(text, { timezone: 'Europe/Oslo' }), early, 2)).toEqual([expected]);
    expect(due(at(text).inZone!('Europe/Oslo'), early, 2)).toEqual([expected]);
  });

  test('inZone does not change an instant', () => {
    const instant = at('2026-03-29T02:30Z');
    expect(instant.inZone!('Europe/Oslo')).toBe(instant);
    expect(at(new Date('2026-03-29T02:30Z')).spec).toBe(at('2026-03-29T04:30+02:00').spec);
  });

  test('inZone does not change a schedule with its own zone', () => {
    const noon = at('2026-01-01T12:00', { timezone: 'Asia/Tokyo' });
    expect(noon.inZone!('Europe/Oslo')).toBe(noon);
  });

  test('has no occurrence after its instant', () => {
    const once = at('2026-01-01T00:00Z');
    const instant = new Date('2026-01-01T00:00Z');
    expect(once.next(instant)).toBeNull();
    expect(once.latest!(new Date(early), instant)).toEqual(instant);
    expect(once.latest!(new Date(early), new Date(instant.getTime() - 1))).toBeNull();
    expect(once.latest!(instant, new Date('2030-01-01T00:00Z'))).toBeNull();
  });

  test.each(['12:30', 'T12:30', '12:30Z', '1230Z', '12', '12:30:00+02:00'])('rejects %s, which has no date', (text) => {
    expect(() => at(text)).toThrow(ConfigError);
    expect(() => at(text)).toThrow('write it as 2026-03-29T02:30:00Z');
  });

  test.each(['2026', '2026-03', '20260329T0230', '2026-W13-7T02:30', '2026-088T02:30+01:00'])(
    'reads every form of ISO 8601 that begins with the date: %s',
    (text) => {
      expect(at(text).next(new Date(early))!.getUTCFullYear()).toBe(2026);
    },
  );

  test.each([
    ['+275760-09-13T00:00:00.001Z', undefined],
    ['-271821-04-19T23:59:59Z', undefined],
    ['+999999-01-01', undefined],
    ['+275760-09-13T00:00', 'America/New_York'],
    ['-271821-04-20T00:00', 'Asia/Tokyo'],
  ])('rejects %s in zone %s, out of the range of Date', (text, timezone) => {
    expect(() => at(text, { timezone })).toThrow(ConfigError);
    expect(() => at(text, { timezone })).toThrow(/275760/);
  });

  test('names the first and the last instant for a local time out of range', () => {
    const late = () => at('+275760-09-13T00:00', { timezone: 'America/New_York' });
    expect(late).toThrow('the instant is out of range -271821-04-20T00:00:00.000Z to +275760-09-13T00:00:00.000Z');
  });

  test('accepts the last instant of Date', () => {
    expect(at('+275760-09-13T00:00:00').next(new Date(early))).toEqual(new Date(8.64e15));
  });

  test.each(['tomorrow', '', '2026-02-30', '2026-01-01T25:00', 5, new Date(NaN)])('rejects %s', (text) => {
    expect(() => at(text as string)).toThrow(ConfigError);
  });
});
