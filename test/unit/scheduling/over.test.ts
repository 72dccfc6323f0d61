import { expect, test } from 'vitest';
import { Events } from '../../../src/events/events.ts';
import { ManualClock } from '../../../src/drivers/memory/clock.ts';
import { createLogger, logEvents } from '../../../src/observe/log.ts';
import { at } from '../../../src/schedule/at.ts';
import { makeEntry, HOUR } from '../../support/entry.ts';
import { makeRig } from '../../support/rig.ts';

// The clock of a rig starts at 12:00.
const past = makeEntry({ name: 'launch', schedule: at('2027-03-01T11:00:00Z') });
const ahead = makeEntry({ name: 'launch', schedule: at('2027-03-01T13:00:00Z') });
const schedule = 'once, at 2027-03-01 11:00 UTC';

test('a time that is past when its entry is first seen is told once, and nothing is sent', async () => {
  const { clock, emitted, sent, begin } = makeRig();
  const { tick } = await begin([past, makeEntry()]);
  expect(emitted['never-due']).toEqual([{ entry: 'launch', change: 'added', schedule }]);
  await tick();
  clock.advance(HOUR);
  await (await begin([past])).tick();
  expect(emitted['never-due']).toHaveLength(1);
  expect(sent().filter((line) => line.includes('11:00'))).toEqual([]);
});

test('so is one that was edited to a time that is past', async () => {
  const { emitted, begin } = makeRig();
  await begin([ahead]);
  await begin([past]);
  expect(emitted['never-due']).toEqual([{ entry: 'launch', change: 'edited', schedule }]);
});

test('so is one whose time passed while it was disabled', async () => {
  const { clock, emitted, begin } = makeRig();
  await begin([ahead]);
  await begin([{ ...ahead, enabled: false }]);
  clock.advance(2 * HOUR);
  await begin([ahead]);
  expect(emitted['never-due']).toMatchObject([{ entry: 'launch', change: 'enabled' }]);
});

test('one that was sent, or is owed, is not told of: it was seen before its time', async () => {
  const { clock, emitted, sent, begin } = makeRig();
  await begin([ahead]);
  clock.advance(2 * HOUR);
  await (await begin([ahead])).tick();
  await begin([ahead]);
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T13:00:00.000Z']);
  expect(emitted['never-due']).toBeUndefined();
});

test('the log warns of it in words', () => {
  const events = new Events();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ level: 'warning', destination: { write } });
  logEvents(events, log, new ManualClock('2027-03-01T12:00:00Z'));
  for (const change of ['added', 'edited', 'enabled'] as const) {
    events.emit('never-due', { entry: 'launch', change, schedule });
  }
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 'warn',
      event: 'never-due',
      entry: 'launch',
      msg: `Entry launch is new, and its time is past (${schedule}): nothing will be sent`,
    },
    {
      msg: `The schedule of launch was edited, and its time is past (${schedule}): nothing will be sent`,
    },
    { msg: `Entry launch is back, and its time is past (${schedule}): nothing will be sent` },
  ]);
});
