import { expect, test, vi } from 'vitest';
import { pastDayReader, sumDay, upcomingDayReader } from '../../../src/http/day-counts.ts';
import type { HttpContext } from '../../../src/http/context.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import type { BeatConfig } from '../../../src/generated/config-types.ts';
import { HttpApp, TOKENS } from '../../support/http-app.ts';
import { settle } from '../../support/settle.ts';

const DAY = 24 * 3_600_000;
const schedule = { cron: '0 3 * * *' };

function openApp(beatSchedule: NonNullable<BeatConfig['beatSchedule']> = { a: { task: 't', schedule } }) {
  return HttpApp.open({ http: TOKENS, beatSchedule });
}

function contextOf(app: HttpApp): HttpContext & { readonly clock: ManualClock } {
  const clock = new ManualClock('2027-03-01T12:00:30Z');
  const { signal: stopped } = new AbortController();
  const context = { store: app.store, settings: () => app.beat.settings, clock, stopped };
  return context as unknown as HttpContext & { readonly clock: ManualClock };
}

const count = { published: 1, skipped: 2, succeeded: 3, failed: 4 };

test('past day: ends with the current minute, and is read at most once a second', async () => {
  await using app = await openApp();
  const { clock, ...context } = contextOf(app);
  const minutes = vi.spyOn(app.store.history!, 'minutes').mockResolvedValue([]);
  const read = pastDayReader({ ...context, clock });
  const to = Date.parse('2027-03-01T12:01:00Z');
  expect(await read()).toEqual({ from: to - DAY, minutes: [] });
  expect(minutes.mock.calls).toEqual([[to - DAY, to]]);
  clock.advance(999);
  await read();
  expect(minutes).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await read();
  expect(minutes).toHaveBeenCalledTimes(2);
});

test('past day: stays as it is while the history cannot be read, and is null before the first read', async () => {
  await using app = await openApp();
  const { clock, ...context } = contextOf(app);
  const minutes = vi.spyOn(app.store.history!, 'minutes').mockRejectedValue(new Error('unreachable'));
  const read = pastDayReader({ ...context, clock });
  expect(await read()).toBeNull();
  minutes.mockResolvedValue([{ at: clock.now(), ...count }]);
  clock.advance(1_000);
  const day = await read();
  expect(day!.minutes).toHaveLength(1);
  minutes.mockRejectedValue(new Error('unreachable'));
  clock.advance(1_000);
  expect(await read()).toBe(day);
});

test('past day: the totals are the sums of its minutes', () => {
  expect(
    sumDay({
      from: 0,
      minutes: [
        { at: 0, ...count },
        { at: 60_000, ...count },
      ],
    }),
  ).toEqual({ ...{ published: 2, skipped: 4, succeeded: 6, failed: 8 } });
  expect(sumDay({ from: 0, minutes: [] })).toEqual({ published: 0, skipped: 0, succeeded: 0, failed: 0 });
});

/** The clock stands still, so that the first read waits for the whole count. */
const readUpcoming = async (context: HttpContext) => (await upcomingDayReader(context)())!;

test('upcoming day: has declared and stored entries, with their states', async () => {
  await using app = await openApp({ a: { task: 't', schedule }, paused: { task: 't', schedule } });
  const definition = JSON.stringify({ task: 't', schedule });
  const stored = { entry: 'stored', definition, state: null, dueAt: 1 };
  const page = vi.spyOn(app.store.entries, 'page').mockResolvedValue([stored]);
  const pause = { since: 0, until: null, reason: null, by: '' };
  const state = { version: 1, rev: 1, spec: app.beat.settings.entries[1]!.schedule.spec, anchor: 0, dueAt: null };
  const { ledger } = app.store;
  vi.spyOn(ledger, 'findStates').mockResolvedValue(
    new Map([['paused', { ...state, sentAt: null, taskId: null, runCount: 0, pause }]]),
  );
  const context = contextOf(app);
  const day = await readUpcoming(context);
  expect(day.entries).toBe(3);
  expect(day.counts.reduce((sum, runs) => sum + runs, 0)).toBe(2);
  expect(page.mock.calls).toEqual([[{ limit: 1_000, dueBy: context.clock.now() + DAY }]]);
});

test('upcoming day: reads the states of ten thousand entries, a thousand at a time, and counts all', async () => {
  const names = Array.from({ length: 10_001 }, (_, i) => [`e${i}`, { task: 't', schedule: 86_400 }] as const);
  await using app = await openApp(Object.fromEntries(names));
  const findStates = vi.spyOn(app.store.ledger, 'findStates');
  const day = await readUpcoming(contextOf(app));
  expect(findStates.mock.calls.map(([wanted]) => wanted.length)).toEqual(Array(10).fill(1_000));
  expect(findStates.mock.calls[9]![0].at(-1)).toBe('e9999');
  expect(day.entries).toBe(10_001);
});

test('upcoming day: is counted at most twice a minute, and stays while the store cannot be read', async () => {
  await using app = await openApp();
  const { clock, ...context } = contextOf(app);
  const page = vi.spyOn(app.store.entries, 'page');
  const read = upcomingDayReader({ ...context, clock });
  const day = await read();
  expect(day).toMatchObject({ entries: 1 });
  clock.advance(29_999);
  expect(await read()).toBe(day);
  expect(page).toHaveBeenCalledTimes(1);
  page.mockRejectedValue(new Error('unreachable'));
  clock.advance(1);
  expect(await read()).toBe(day);
  expect(page).toHaveBeenCalledTimes(2);
});

test('upcoming day: a page waits 30 ms for the count, and shows the last one', async () => {
  await using app = await openApp();
  const { clock, ...context } = contextOf(app);
  const page = Promise.withResolvers<[]>();
  vi.spyOn(app.store.entries, 'page').mockReturnValue(page.promise);
  const read = upcomingDayReader({ ...context, clock });
  let shown: unknown = 'nothing yet';
  const first = read().then((day) => (shown = day));
  clock.advance(29);
  await settle();
  expect(shown).toBe('nothing yet');
  clock.advance(1);
  await first;
  expect(shown).toBeNull();
  page.resolve([]);
  expect(await read()).toMatchObject({ entries: 1 });
});
