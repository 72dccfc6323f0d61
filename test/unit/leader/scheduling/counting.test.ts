import { expect, test } from 'vitest';
import { alignedSchedule, HOUR, makeEntry } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

test('a term that begins after a year counts skipped runs for 50 ms only', async () => {
  const rig = makeRig({ now: '2027-03-01T12:00:00Z' });
  const hourly = alignedSchedule(HOUR);
  let searches = 0;
  let isSlow = false;
  const schedule = {
    spec: hourly.spec,
    latest: (_: Date, until: Date) => new Date(Math.floor(until.getTime() / HOUR) * HOUR),
    next: (after: Date) => {
      searches += 1;
      if (isSlow) rig.clock.advance(1);
      return hourly.next(after);
    },
  };
  const entries = Array.from({ length: 100 }, (_, i) => makeEntry({ name: `e${i}`, schedule }));
  await rig.begin(entries);
  rig.clock.advance(365 * 24 * HOUR);
  const { tick } = await rig.begin(entries);
  searches = 0;
  isSlow = true;
  await tick();
  expect(rig.sent()).toHaveLength(100);
  // Each entry has 8,759 runs to skip: at 1 ms each, the count of all would take a quarter of an hour.
  expect(searches).toBeLessThan(100 * 30);
  expect(rig.emitted.skipped?.filter(({ reason }) => reason === 'coalesced')).toHaveLength(100);
  expect(rig.emitted.skipped?.every(({ count }) => count === null)).toBe(true);
});
