import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../src/errors.ts';
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

  it.each(['tomorrow', '', '2026-02-30', '2026-01-01T25:00', 5, new Date(NaN)])(
    'refuses %s',
    (text) => {
      expect(() => at(text as string)).toThrow(ConfigError);
    },
  );
});
