import { expect, test } from 'vitest';

import { solar, SOLAR_EVENTS, type SolarEvent } from '../../../../src/schedule/solar.ts';

/** On 20 March 2026 in Oslo, in UTC. */
const TIMES: Readonly<Record<SolarEvent, string>> = {
  dawn_astronomical: '02:54:20',
  dawn_nautical: '03:48:09',
  dawn_civil: '04:37:48',
  sunrise: '05:19:09',
  solar_noon: '11:24:39',
  sunset: '17:31:31',
  dusk_civil: '18:13:04',
  dusk_nautical: '19:03:02',
  dusk_astronomical: '19:57:25',
};

const OSLO = [59.9, 10.7] as const;

test.each(SOLAR_EVENTS)(
  'solar %s: is found from a millisecond before it and from the day after it',
  (event) => {
    const due = new Date(`2026-03-20T${TIMES[event]}Z`);
    const eve = new Date('2026-03-19T23:00Z');
    expect(solar(event, ...OSLO).next(new Date(due.getTime() - 1))).toEqual(due);
    expect(solar(event, ...OSLO).latest!(eve, new Date('2026-03-21T00:00Z'))).toEqual(due);
    expect(solar(event, ...OSLO).latest!(eve, due)).toEqual(due);
    expect(solar(event, ...OSLO).latest!(eve, new Date(due.getTime() - 1))).toBeNull();
    expect(solar(event, ...OSLO).latest!(due, new Date('2026-03-21T00:00Z'))).toBeNull();
  },
);

test('solar latest: searches back across the polar night, but not past the lower bound', () => {
  const sunrise = solar('sunrise', 78.2, 15.6);
  const newYear = new Date('2027-01-01T00:00Z');
  const last = new Date('2026-10-26T10:08:38Z');
  expect(sunrise.latest!(new Date('2026-01-01T00:00Z'), newYear)).toEqual(last);
  expect(sunrise.latest!(last, newYear)).toBeNull();
});

test('solar latest: searches back across a year at the pole', () => {
  const sunrise = solar('sunrise', 90, 0);
  const next = sunrise.next(new Date('2026-06-01T00:00Z'))!;
  expect(next.toISOString()).toMatch(/^2027-03-18T/);
  const before = sunrise.latest!(new Date('2000-01-01T00:00Z'), new Date(next.getTime() - 1))!;
  expect(before.toISOString()).toMatch(/^2026-03-18T/);
});

test('solar: noon at the date line is the start or the end of the UTC day', () => {
  const after = new Date('2026-03-20T00:00Z');
  const noon = (longitude: number) => solar('solar_noon', 0.5, longitude).next(after);
  expect(noon(179.9)).toEqual(new Date('2026-03-20T00:07:59Z'));
  expect(noon(-179.9)).toEqual(new Date('2026-03-20T00:07:11Z'));
});
