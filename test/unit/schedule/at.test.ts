import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../src/util/errors.ts';
import { at } from '../../../src/schedule/at.ts';
import { due } from './walk.ts';

describe('at', () => {
  const early = '2000-01-01T00:00Z';

  it.each([
    ['2026-03-29T02:30:00Z', '2026-03-29T02:30Z'],
    ['2026-03-29T02:30+02:00', '2026-03-29T00:30Z'],
    ['2026-03-29', '2026-03-29T00:00Z'],
  ])('is due once, at %s', (text, expected) => {
    expect(due(at(text), early, 2)).toEqual([expected]);
  });

  it.each([
    ['in summer', '2026-07-01T12:00', '2026-07-01T10:00Z'],
    ['in a gap, at the moment after', '2026-03-29T02:30', '2026-03-29T01:00Z'],
    ['in an overlap, at the first pass', '2026-10-25T02:30', '2026-10-25T00:30Z'],
  ])('reads local time in its zone: %s', (_, text, expected) => {
    expect(due(at(text, { timezone: 'Europe/Oslo' }), early, 2)).toEqual([expected]);
    expect(due(at(text).inZone!('Europe/Oslo'), early, 2)).toEqual([expected]);
  });

  it('keeps an instant whatever the zone', () => {
    expect(at('2026-03-29T02:30Z')).not.toHaveProperty('inZone');
    expect(at(new Date('2026-03-29T02:30Z')).spec).toBe(at('2026-03-29T04:30+02:00').spec);
  });

  it('keeps a zone of its own', () => {
    const noon = at('2026-01-01T12:00', { timezone: 'Asia/Tokyo' });
    expect(noon.inZone!('Europe/Oslo')).toBe(noon);
  });

  it('is over once it was', () => {
    const once = at('2026-01-01T00:00Z');
    const instant = new Date('2026-01-01T00:00Z');
    expect(once.next(instant)).toBeNull();
    expect(once.latest!(new Date(early), instant)).toEqual(instant);
    expect(once.latest!(new Date(early), new Date(instant.getTime() - 1))).toBeNull();
    expect(once.latest!(instant, new Date('2030-01-01T00:00Z'))).toBeNull();
  });

  it.each(['12:30', 'T12:30', '12:30Z', '1230Z', '12', '12:30:00+02:00'])(
    'refuses %s, which would mean another day each day',
    (text) => {
      expect(() => at(text)).toThrow(ConfigError);
      expect(() => at(text)).toThrow('write it like 2026-03-29T02:30:00Z');
    },
  );

  it.each(['2026', '2026-03', '20260329T0230', '2026-W13-7T02:30', '2026-088T02:30+01:00'])(
    'reads every form of ISO 8601 that begins with the date: %s',
    (text) => {
      expect(at(text).next(new Date(early))!.getUTCFullYear()).toBe(2026);
    },
  );

  it.each([
    ['+275760-09-13T00:00:00.001Z', undefined],
    ['-271821-04-19T23:59:59Z', undefined],
    ['+999999-01-01', undefined],
    ['+275760-09-13T00:00', 'America/New_York'],
    ['-271821-04-20T00:00', 'Asia/Tokyo'],
  ])('refuses %s in zone %s, beyond what a Date can hold', (text, timezone) => {
    expect(() => at(text, { timezone })).toThrow(ConfigError);
    expect(() => at(text, { timezone })).toThrow(/275760/);
  });

  it('names the first and the last instant where a zone moves a local time past them', () => {
    const late = () => at('+275760-09-13T00:00', { timezone: 'America/New_York' });
    expect(late).toThrow(
      'the instant is out of range -271821-04-20T00:00:00.000Z to +275760-09-13T00:00:00.000Z',
    );
  });

  it('takes the last instant that a Date can hold', () => {
    expect(at('+275760-09-13T00:00:00').next(new Date(early))).toEqual(new Date(8.64e15));
  });

  it.each(['tomorrow', '', '2026-02-30', '2026-01-01T25:00', 5, new Date(NaN)])(
    'refuses %s',
    (text) => {
      expect(() => at(text as string)).toThrow(ConfigError);
    },
  );
});
