import { expect, test } from 'vitest';
import { MINUTE } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

test('more stored entries than one load reads, all due at once, are each published once', async () => {
  /** How many runs had been sent when each page was read. */
  let sentBefore: number[] = [];
  const rig = makeRig({
    wrapStored: (entries) => ({
      ...entries,
      page: (options) => {
        sentBefore.push(rig.sent().length);
        return entries.page(options);
      },
    }),
  });
  const { clock, sent, begin } = rig;
  const { command, tick } = await begin([]);
  const names = Array.from({ length: 25_000 }, (_, i) => `e${i}`);
  for (let from = 0; from < names.length; from += 1_000) {
    const some = names.slice(from, from + 1_000);
    const definition = { task: 't', schedule: { cron: '5 12 * * *' } };
    const entries = Object.fromEntries(some.map((name) => [name, definition]));
    expect(await command({ do: 'add', entries })).toMatchObject({ status: 'applied' });
  }
  clock.advance(5 * MINUTE);
  sentBefore = [];
  let wakeAt = await tick();
  expect(sentBefore.filter((count) => count === 0)).toHaveLength(20);
  while (wakeAt <= clock.now()) wakeAt = await tick();
  expect(sent()).toHaveLength(25_000);
  expect(wakeAt).toBeGreaterThan(clock.now());
});
