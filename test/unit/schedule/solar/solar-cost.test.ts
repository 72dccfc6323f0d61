import { createRequire } from 'node:module';
import type * as Astronomy from 'astronomy-engine';
import { expect, test, vi } from 'vitest';
import { solar, SOLAR_EVENTS } from '../../../../src/schedule/solar.ts';

const astronomy = createRequire(import.meta.url)('astronomy-engine') as typeof Astronomy;

test('solar: a search through a polar night or day computes few exact positions of the sun', () => {
  const exact = vi.spyOn(astronomy, 'SearchHourAngle');
  for (const latitude of [-90, -89.9, -80, 67.5, 80, 89.9, 90]) {
    for (const event of SOLAR_EVENTS) {
      exact.mockClear();
      // After the last event before the longest time without one.
      const newest = solar(event, latitude, 3).latest!(
        new Date('2025-01-01T00:00:00Z'),
        new Date(latitude > 0 ? '2026-05-01T00:00:00Z' : '2026-11-01T00:00:00Z'),
      );
      solar(event, latitude, 3).next(newest!);
      // A year has 1,460 ends of half days.
      expect(exact.mock.calls.length, `${event} at ${latitude}`).toBeLessThan(200);
    }
  }
});
