import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { watchOtherSchedulers } from '../../../../src/leader/instance/other-schedulers.ts';
import { findScheduleFiles } from '../../../../src/observe/schedule-files.ts';
import type { SchedulerTrace } from '../../../../src/contracts/store/store.ts';
import { Folder } from '../../../support/folder.ts';
import { settle } from '../../../support/settle.ts';

const MINUTE = 60_000;

const trace = (scheduler: string, mark: string, isLocked = false): SchedulerTrace => ({ scheduler, mark, isLocked });

/** A monitor of two stores, in which the test leaves traces. */
async function rig() {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const warnings: (string | null)[] = [];
  events.on('warning', ({ kind, message }) => {
    expect(kind).toBe('other-scheduler');
    warnings.push(message);
  });
  let found: readonly (readonly SchedulerTrace[] | Error)[] = [[], []];
  let looks = 0;
  const find = [0, 1].map((i) => async () => {
    looks += 1;
    const all = found[i]!;
    if (all instanceof Error) throw all;
    return all;
  });
  const stop = new AbortController();
  void watchOtherSchedulers(find, clock, events)(stop.signal);
  await settle();
  const look = async (first: (typeof found)[0], second: (typeof found)[0] = [], after = MINUTE) => {
    found = [first, second];
    clock.advance(after);
    await settle();
    return warnings.splice(0);
  };
  return { look, stop, looks: () => looks };
}

const redBeat = 'RedBeat is still at work: tasks that beat publishes too run twice; stop it';
const both = 'RedBeat and django-celery-beat are still at work: tasks that beat publishes too run twice; stop them';

describe('other schedulers in the store', () => {
  test('a scheduler whose traces do not change causes no warning', async () => {
    const { look } = await rig();
    expect(await look([trace('RedBeat', '1')])).toEqual([]);
    expect(await look([trace('RedBeat', '1')], [trace('django-celery-beat', '1')])).toEqual([]);
  });

  test('each scheduler whose traces change causes one warning', async () => {
    const { look } = await rig();
    await look([trace('RedBeat', '1')], [trace('django-celery-beat', '1')]);
    const second = trace('django-celery-beat', '1');
    expect(await look([trace('RedBeat', '2')], [second])).toEqual([redBeat]);
    expect(await look([trace('RedBeat', '3')], [second])).toEqual([]);
    const moved = trace('django-celery-beat', '2');
    expect(await look([trace('RedBeat', '3')], [moved])).toEqual([both]);
  });

  test('a lock is a warning at once, which ends when the lock is released', async () => {
    const { look } = await rig();
    expect(await look([trace('RedBeat', '1', true)])).toEqual([redBeat]);
    expect(await look([trace('RedBeat', '1')])).toEqual([null]);
  });

  test('the warning ends when a scheduler has left no new traces for more than a day, or is gone', async () => {
    const { look } = await rig();
    await look([trace('RedBeat', '1')]);
    expect(await look([trace('RedBeat', '2')])).toEqual([redBeat]);
    expect(await look([trace('RedBeat', '2')], [], 25 * 60 * MINUTE)).toEqual([]);
    expect(await look([trace('RedBeat', '2')], [], 60 * MINUTE)).toEqual([null]);
    expect(await look([trace('RedBeat', '3')])).toEqual([redBeat]);
    expect(await look([])).toEqual([null]);
  });

  test('an unreadable store hides neither a warning nor traces in other places', async () => {
    const { look } = await rig();
    await look([trace('RedBeat', '1', true)], new Error('denied'));
    expect(await look(new Error('denied'), [trace('django-celery-beat', '1')])).toEqual([]);
    const moved = trace('django-celery-beat', '2');
    expect(await look(new Error('denied'), [moved])).toEqual([both]);
  });

  test('the leader checks once a minute, until the end of its term', async () => {
    const { look, stop, looks } = await rig();
    for (let i = 0; i < 3; i++) await look([]);
    expect(looks()).toBe(8);
    stop.abort();
    await look([]);
    expect(looks()).toBe(8);
  });
});

test('the leader warns of a running scheduler that the options of an instance detect', async () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const config = { brokerUrl: 'memory://', resultExpires: null, beatSchedule: {} };
  const findSchedulers = async () => [trace('celery beat', '1', true)];
  await using beat = new Beat(config, { clock, findSchedulers });
  const warnings: unknown[] = [];
  beat.on('warning', (event) => warnings.push(event));
  await beat.start();
  await settle();
  expect(warnings).toEqual([{ kind: 'other-scheduler', message: redBeat.replace('RedBeat', 'celery beat') }]);
});

describe("the files of Celery's scheduler", () => {
  test('a file leaves a different trace after each write, with every database module of Python', async () => {
    for (const suffix of ['', '.db', '.dat']) {
      using folder = new Folder({ [`celerybeat-schedule${suffix}`]: '' });
      const path = join(folder.path, 'celerybeat-schedule');
      const at = (seconds: number) => {
        utimesSync(path + suffix, seconds, seconds);
        return findScheduleFiles([folder.path, folder.path]);
      };
      const scheduler = `celery beat (${path})`;
      expect(await at(1)).toEqual([{ scheduler, mark: '1000', isLocked: false }]);
      expect(await at(2)).toEqual([{ scheduler, mark: '2000', isLocked: false }]);
    }
  });

  test('a folder without the file has no trace', async () => {
    using folder = new Folder();
    expect(await findScheduleFiles([folder.path, '/nowhere'])).toEqual([]);
  });
});
