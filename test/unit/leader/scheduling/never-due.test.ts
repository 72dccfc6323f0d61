import { expect, test } from 'vitest';
import { at } from '../../../../src/schedule/at.ts';
import { makeEntry, HOUR } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

// The clock of a rig starts at 12:00.
const past = makeEntry({ name: 'launch', schedule: at('2027-03-01T11:00:00Z') });
const ahead = makeEntry({ name: 'launch', schedule: at('2027-03-01T13:00:00Z') });
const schedule = 'once, at 2027-03-01 11:00 UTC';

test('never-due: a new entry whose time has passed is reported once and never sent', async () => {
  const { clock, emitted, sent, begin } = makeRig();
  const { tick } = await begin([past, makeEntry()]);
  expect(emitted['never-due']).toEqual([{ entry: 'launch', change: 'added', schedule }]);
  await tick();
  clock.advance(HOUR);
  await (await begin([past])).tick();
  expect(emitted['never-due']).toHaveLength(1);
  expect(sent().filter((line) => line.includes('11:00'))).toEqual([]);
});

test('never-due: an entry that is edited to a past time is reported', async () => {
  const { emitted, begin } = makeRig();
  await begin([ahead]);
  await begin([past]);
  expect(emitted['never-due']).toEqual([{ entry: 'launch', change: 'edited', schedule }]);
});

test('never-due: an entry whose time passed while it was disabled is reported', async () => {
  const { clock, emitted, begin } = makeRig();
  await begin([ahead]);
  await begin([{ ...ahead, enabled: false }]);
  clock.advance(2 * HOUR);
  await begin([ahead]);
  expect(emitted['never-due']).toMatchObject([{ entry: 'launch', change: 'enabled' }]);
});

test('never-due: an entry that was sent, or is still due, is not reported', async () => {
  const { clock, emitted, sent, begin } = makeRig();
  await begin([ahead]);
  clock.advance(2 * HOUR);
  await (await begin([ahead])).tick();
  await begin([ahead]);
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T13:00:00.000Z']);
  expect(emitted['never-due']).toBeUndefined();
});
