import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { liveReads } from '../../../src/http/api/events.ts';
import type { HttpContext } from '../../../src/http/context.ts';
import { HttpApp, TOKENS } from '../../support/http-app.ts';

const CRON = { cron: '0 3 * * *' };
const CONFIG = { http: TOKENS, beatSchedule: { a: { task: 't', schedule: CRON }, b: { task: 't', schedule: CRON } } };

function openReads(app: HttpApp) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const context = { store: app.store, settings: () => app.beat.settings, clock };
  return { clock, reads: liveReads(context as unknown as HttpContext) };
}

const entriesIn = (snapshot: Awaited<ReturnType<ReturnType<typeof liveReads>['read']>>) =>
  [...snapshot.keys()].filter((key) => key.startsWith('status '));

test('live reads: one read serves all streams, however many are open', async () => {
  await using app = await HttpApp.open(CONFIG);
  const latest = vi.spyOn(app.store.history!, 'latest');
  const { clock, reads } = openReads(app);
  const removals = Array.from({ length: 50 }, (_, i) => reads.add([i % 2 === 0 ? 'a' : 'b']));
  await Promise.all(removals.map(() => reads.read()));
  expect(latest.mock.calls.map(([names]) => names)).toEqual([['a', 'b']]);
  clock.advance(1_000);
  await Promise.all(removals.map(() => reads.read()));
  expect(latest).toHaveBeenCalledTimes(2);
});

test('live reads: a new stream is served at once, and the entries of one that ended are not read', async () => {
  await using app = await HttpApp.open(CONFIG);
  const { clock, reads } = openReads(app);
  const remove = reads.add(['a']);
  expect(entriesIn(await reads.read())).toEqual(['status a']);
  reads.add(['b']);
  expect(entriesIn(await reads.read())).toEqual(['status a', 'status b']);
  expect(reads.streams).toBe(2);
  remove();
  clock.advance(1_000);
  expect(entriesIn(await reads.read())).toEqual(['status b']);
  expect(reads.streams).toBe(1);
});

test('live reads: have the counts of the last 24 hours', async () => {
  await using app = await HttpApp.open(CONFIG);
  const { clock, reads } = openReads(app);
  const minutes = vi.spyOn(app.store.history!, 'minutes');
  minutes.mockResolvedValue([{ at: clock.now(), published: 1, skipped: 0, succeeded: 0, failed: 1 }]);
  const day = (await reads.read()).get('day');
  const [from, to] = minutes.mock.calls[0]!;
  expect(JSON.parse(day!.data)).toEqual({ published: 1, skipped: 0, succeeded: 0, failed: 1 });
  expect([to - from, to > clock.now()]).toEqual([86_400_000, true]);
  minutes.mockRejectedValue(new Error('unreachable'));
  clock.advance(2_000);
  expect((await reads.read()).get('day')).toEqual(day);
});
