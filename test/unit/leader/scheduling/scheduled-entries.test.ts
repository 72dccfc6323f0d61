import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { encodeState } from '../../../../src/contracts/store/entry-state.ts';
import type { StoredEntries } from '../../../../src/contracts/store/stored-entries.ts';
import { Events } from '../../../../src/contracts/events/events.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { findReadable, ScheduledEntries } from '../../../../src/leader/scheduling/scheduled-entries.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import { boundLedger } from '../../../support/bound-ledger.ts';
import { intervalSchedule, makeEntry, makeState, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

/** Adds an entry that is due at so many seconds after now, and then again and again. */
const adding = (entry: string, seconds: number) => ({
  do: 'add',
  entry,
  definition: { task: entry, schedule: seconds },
});

test('a stored entry runs in the term that created it and in the next', async () => {
  const { clock, sent, begin } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  expect(await first.command(adding('a', 10))).toMatchObject({ answer: 'added a' });
  expect(await first.tick()).toBe(clock.now() + 10 * SECOND);
  clock.advance(10 * SECOND);
  await first.tick();
  const second = await begin([]);
  clock.advance(10 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T12:00:10.000Z', 'a 2027-03-01T12:00:20.000Z']);
});

test('a stored entry that was missed while no instance led is caught up', async () => {
  const { clock, sent, begin } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 10));
  clock.advance(60 * MINUTE);
  const second = await begin([]);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T13:00:00.000Z']);
});

test('a stored entry that is in its index twice runs once, and does not end the term', async () => {
  const { clock, sent, begin } = makeRig({
    wrapStored: (entries) => ({
      find: (names) => entries.find(names),
      page: async (options) => {
        const page = await entries.page(options);
        return page.flatMap((row) => [{ ...row, dueAt: 0 }, row]);
      },
    }),
  });
  const first = await begin([]);
  await first.command(adding('a', 10));
  await first.command(adding('b', 20));
  const second = await begin([]);
  clock.advance(20 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T12:00:20.000Z', 'b 2027-03-01T12:00:20.000Z']);
});

test('stored entries are found a thousand at a time, and one that cannot be read hides no other', async () => {
  const { begin, store } = makeRig({ wrapStored: (entries) => entries });
  const { command } = await begin([]);
  await command(adding('a', 10));
  const [row] = await store.entries.find(['a']);
  const names = Array.from({ length: 1_001 }, (_, i) => `e${i}`);
  const asked: number[] = [];
  const find = async (some: readonly string[]) => {
    asked.push(some.length);
    return some.map((entry) => ({ ...row!, entry, definition: entry === 'e7' ? '{' : row!.definition }));
  };
  const { definitions } = resolveSettings({});
  const found = await findReadable({ entries: { ...store.entries, find }, definitions: () => definitions }, names);
  expect(asked).toEqual([1_000, 1]);
  expect(found.map(({ entry }) => entry.name)).toEqual(names.filter((name) => name !== 'e7'));
});

test('only stored entries that are due within a minute are loaded, every half minute', async () => {
  const pages: (number | undefined)[] = [];
  const { clock, begin, sent } = makeRig({ wrapStored: (entries) => observed(entries, pages) });
  const { command, tick } = await begin([]);
  await tick();
  expect(pages).toEqual([clock.now() + MINUTE]);
  await command(adding('soon', 45));
  await command(adding('later', 200));
  expect(await tick()).toBe(clock.now() + 30 * SECOND);
  const start = clock.now();
  while (clock.now() < start + 200 * SECOND) {
    clock.advance(Math.max(1, (await tick()) - clock.now()));
  }
  await tick();
  expect(sent()).toContain('later 2027-03-01T12:03:20.000Z');
  expect(sent().filter((each) => each.startsWith('soon'))).toHaveLength(4);
  expect(pages).toHaveLength(7);
});

test('an entry whose load failed is published when the store answers again', async () => {
  let broken = false;
  const { clock, sent, begin, emitted } = makeRig({
    wrapStored: (entries) => ({
      find: (names) => entries.find(names),
      page: async (options) => {
        if (broken) throw new Error('unreachable');
        return entries.page(options);
      },
    }),
  });
  const first = await begin([]);
  await first.command(adding('a', 10));
  broken = true;
  const second = await begin([]);
  clock.advance(10 * SECOND);
  expect(await second.tick()).toBe(clock.now() + SECOND);
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'load-entries' } }]);
  broken = false;
  clock.advance(SECOND);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T12:00:10.000Z']);
  expect(emitted.recovered).toMatchObject([{ operation: { kind: 'load-entries' } }]);
});

test('a stored entry whose definition or state cannot be read is reported and does not affect others', async () => {
  const { clock, sent, begin, emitted, store } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('good', 10));
  const [row] = await store.entries.find(['good']);
  store.ledger.restore({
    entries: [
      { ...row!, entry: 'damaged', definition: '{' },
      { ...row!, entry: 'newer', definition: '{"task":"t","schedule":10,"sparkle":1}' },
      { ...row!, entry: 'state', state: '{}' },
    ],
  });
  const second = await begin([]);
  clock.advance(10 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['good 2027-03-01T12:00:10.000Z']);
  const failures = emitted.failure!.map(({ operation, error }) => [operation, String(error)]);
  expect(failures).toEqual([
    [{ kind: 'read-definition', entry: 'damaged' }, expect.stringContaining('not a JSON object')],
    [{ kind: 'read-definition', entry: 'newer' }, expect.stringContaining('sparkle')],
    [{ kind: 'read-definition', entry: 'state' }, expect.stringContaining('beat forget state')],
  ]);
  expect(await second.command({ do: 'run', entry: 'newer' })).toMatchObject({
    status: 'rejected',
    answer: expect.stringContaining('sparkle') as string,
  });
  const fields = { sparkle: null };
  expect(await second.command({ do: 'update', entry: 'newer', definition: fields })).toMatchObject({
    answer: 'updated newer',
  });
  expect(emitted.recovered).toMatchObject([{ operation: { entry: 'newer' } }]);
  expect(await second.command({ do: 'update', entry: 'damaged', definition: {} })).toMatchObject({
    status: 'rejected',
    answer: expect.stringContaining('not a JSON object') as string,
  });
  expect(await second.command({ do: 'remove', entry: 'damaged' })).toMatchObject({ answer: 'removed damaged' });
  expect(await store.entries.find(['damaged'])).toEqual([]);
  expect(await second.command({ do: 'remove', entry: 'state' })).toMatchObject({
    status: 'rejected',
    answer: expect.stringContaining('beat forget state') as string,
  });
});

test('a declared entry takes precedence over a stored entry of the same name', async () => {
  const { clock, sent, begin, emitted } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 10));
  const declared = makeEntry({ name: 'a', task: 'declared', schedule: intervalSchedule(30_000) });
  const second = await begin([declared]);
  clock.advance(30 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['declared 2027-03-01T12:00:30.000Z']);
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'read-definition', entry: 'a' } }]);
});

test('a stored entry whose name is declared can be removed, and not updated', async () => {
  const declared = makeEntry({ name: 'a', task: 'declared', schedule: intervalSchedule(30_000) });
  const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 10));
  const second = await begin([declared]);
  await second.tick();
  const update = { do: 'update', entry: 'a', definition: { schedule: 5 } };
  expect(await second.command(update)).toMatchObject({
    status: 'rejected',
    answer: expect.stringContaining('is declared') as string,
  });
  expect(await second.command({ do: 'remove', entry: 'a' })).toMatchObject({ status: 'applied' });
  expect(await store.entries.find(['a'])).toEqual([]);
  clock.advance(30 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['declared 2027-03-01T12:00:30.000Z']);
  expect((await store.ledger.load()).get('a')).toMatchObject({ runCount: 1 });
});

test('a declared and a stored entry of the same name share one state: the pause and the run count remain', async () => {
  const declared = makeEntry({ name: 'a', task: 'declared', schedule: intervalSchedule(30_000) });
  const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 10));
  await first.command({ do: 'pause', entry: 'a' });
  const second = await begin([declared]);
  clock.advance(MINUTE);
  await second.tick();
  expect(sent()).toEqual([]);
  await second.command({ do: 'resume', entry: 'a' });
  clock.advance(30 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['declared 2027-03-01T12:01:30.000Z']);
  // The index had no instant for the paused entry.
  const third = await begin([]);
  await third.tick();
  clock.advance(10 * SECOND);
  await third.tick();
  expect(sent().slice(1)).toEqual(['a 2027-03-01T12:01:40.000Z']);
  const states = await store.ledger.findStates(['a'], () => {});
  expect(states.get('a')).toMatchObject({ runCount: 2 });
});

test('a new entry that the store rejects is answered with the reason of the store', async () => {
  const { begin } = makeRig({
    wrapStored: (entries) => entries,
    wrapLedger: (ledger) => ({
      ...boundLedger(ledger),
      commit: async (commit, stop) => {
        if (commit.changes.length > 0) return { kind: 'store-rejected', reason: 'name too long' };
        return ledger.commit(commit, stop);
      },
    }),
  });
  const { command } = await begin([]);
  expect(await command(adding('a', 10))).toMatchObject({ status: 'rejected', answer: 'name too long' });
});

test('a batch publishes declared and stored entries that are due together', async () => {
  const commits: number[] = [];
  const { clock, sent, begin } = makeRig({
    wrapStored: (entries) => entries,
    wrapLedger: (ledger) => ({
      ...boundLedger(ledger),
      commit: (commit, stop) => {
        commits.push(commit.changes.length);
        return ledger.commit(commit, stop);
      },
    }),
  });
  const declared = makeEntry({ name: 'b', schedule: intervalSchedule(10 * SECOND) });
  const leader = await begin([declared]);
  await leader.command(adding('a', 10));
  await leader.tick();
  commits.length = 0;
  clock.advance(10 * SECOND);
  await leader.tick();
  expect(sent().toSorted()).toHaveLength(2);
  expect(commits).toEqual([2]);
});

test.each(['a reload', 'the next term'])(
  'a stored entry counts from the instant at which %s removes the declared one of its name',
  async (way) => {
    const { clock, sent, begin } = makeRig({ wrapStored: (entries) => entries });
    const first = await begin([]);
    await first.command(adding('a', 10));
    const declared = makeEntry({ name: 'a', task: 'declared', schedule: intervalSchedule(30_000) });
    let leader = await begin([declared]);
    clock.advance(30 * SECOND);
    await leader.tick();
    clock.advance(4 * SECOND);
    if (way === 'a reload') await leader.reload([]);
    else leader = await begin([]);
    await leader.tick();
    clock.advance(10 * SECOND);
    await leader.tick();
    const runs = ['declared 2027-03-01T12:00:30.000Z', 'a 2027-03-01T12:00:44.000Z'];
    expect(sent()).toEqual(runs);
  },
);

test('runs that are due do not wait for stored entries to be loaded', async () => {
  const order: string[] = [];
  const { clock, begin, sent } = makeRig({
    wrapStored: (entries) => ({
      find: (names) => entries.find(names),
      page: (options) => {
        order.push(`load after ${sent().length} runs`);
        return entries.page(options);
      },
    }),
  });
  const { tick } = await begin([makeEntry({ name: 'a', schedule: intervalSchedule(MINUTE) })]);
  await tick();
  clock.advance(MINUTE);
  await tick();
  expect(order).toEqual(['load after 0 runs', 'load after 1 runs']);
});

test('an entry whose index has an instant of an earlier schedule is due by its own schedule', async () => {
  const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 600));
  const [row] = await store.entries.find(['a']);
  store.ledger.restore({ entries: [{ ...row!, dueAt: clock.now() }] });
  const second = await begin([]);
  await second.tick();
  expect(sent()).toEqual([]);
  expect(await store.entries.find(['a'])).toMatchObject([{ dueAt: clock.now() + 600 * SECOND }]);
  clock.advance(600 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T12:10:00.000Z']);
});

test('a stored entry whose state was removed counts from the next load', async () => {
  const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const first = await begin([]);
  await first.command(adding('a', 10));
  const [row] = await store.entries.find(['a']);
  store.ledger.restore({ entries: [{ ...row!, state: null }] });
  const second = await begin([]);
  clock.advance(5 * SECOND);
  await second.tick();
  clock.advance(10 * SECOND);
  await second.tick();
  expect(sent()).toEqual(['a 2027-03-01T12:00:15.000Z']);
});

test('pause, resume, skip, run and backfill find stored entries inside and outside the window', async () => {
  for (const seconds of [10, 7_200]) {
    const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
    const { command, tick } = await begin([]);
    await command(adding('a', seconds));
    await command({ do: 'run', entry: 'a' });
    await command({ do: 'skip', entry: 'a' });
    clock.advance(seconds * SECOND);
    await tick();
    expect(sent()).toEqual(['a 2027-03-01T12:00:00.000Z']);
    await command({ do: 'pause', entry: 'a' });
    expect(await store.entries.find(['a'])).toMatchObject([{ dueAt: null }]);
    clock.advance(10 * seconds * SECOND);
    await tick();
    expect(sent()).toHaveLength(1);
    expect(await command({ do: 'resume', entry: 'a' })).toMatchObject({
      answer: expect.stringMatching(/^resumed a; (?:9|10) skipped/) as string,
    });
    clock.advance(seconds * SECOND);
    await tick();
    expect(sent()).toHaveLength(2);
    const [from, to] = ['2027-03-01T12:00:00Z', new Date(clock.now()).toISOString()];
    expect(await command({ do: 'backfill', entry: 'a', from, to })).toMatchObject({ status: 'applied' });
  }
});

test('an update of the schedule counts from now, and any other update keeps the place of the entry', async () => {
  const { clock, sent, begin, emitted } = makeRig({ wrapStored: (entries) => entries });
  const { command, tick } = await begin([]);
  await command(adding('a', 10));
  clock.advance(6 * SECOND);
  await command({ do: 'update', entry: 'a', definition: { task: 'b' } });
  clock.advance(4 * SECOND);
  await tick();
  expect(sent()).toEqual(['b 2027-03-01T12:00:10.000Z']);
  clock.advance(6 * SECOND);
  await command({ do: 'update', entry: 'a', definition: { schedule: 20 } });
  clock.advance(20 * SECOND);
  await tick();
  expect(sent().slice(1)).toEqual(['b 2027-03-01T12:00:36.000Z']);
  await command({ do: 'update', entry: 'a', definition: { enabled: false } });
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toHaveLength(2);
  expect(await command({ do: 'run', entry: 'a' })).toMatchObject({
    answer: 'stored entry "a" is disabled; beat update --enable enables it',
  });
  await command({ do: 'update', entry: 'a', definition: { enabled: true } });
  clock.advance(20 * SECOND);
  await tick();
  expect(sent().slice(2)).toEqual(['b 2027-03-01T12:01:56.000Z']);
  expect(emitted['entry-changed']!.map(({ change }) => change)).toEqual([
    ...['added', 'edited', 'disabled', 'enabled'],
  ]);
});

test('a removed entry is not published again', async () => {
  const { clock, sent, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const { command, tick } = await begin([]);
  await command(adding('a', 10));
  expect(await command({ do: 'remove', entry: 'a' })).toMatchObject({ answer: 'removed a' });
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual([]);
  expect(await store.entries.find(['a'])).toEqual([]);
  expect(await command({ do: 'remove', entry: 'a' })).toMatchObject({
    status: 'rejected',
    answer: 'no stored entry "a"; beat list shows all entries',
  });
});

test('a stored definition means the same when the default time zone changes', async () => {
  const { begin, store } = makeRig({ wrapStored: (entries) => entries });
  const { command } = await begin([]);
  const definition = { task: 't', schedule: { cron: '0 4 * * *' } };
  await command({ do: 'add', entry: 'a', definition });
  const [row] = await store.entries.find(['a']);
  expect(JSON.parse(row!.definition)).toEqual({ ...definition, timezone: 'UTC' });
});

test('a new entry has a state in the store at once', async () => {
  const { clock, begin, store } = makeRig({ wrapStored: (entries) => entries });
  const { command } = await begin([]);
  await command(adding('a', 10));
  const state = {
    version: 1,
    rev: 1,
    spec: 'every(10000ms)',
    anchor: clock.now(),
    dueAt: null,
    sentAt: null,
    taskId: null,
    runCount: 0,
  };
  expect(await store.entries.find(['a'])).toMatchObject([{ state: encodeState(state) }]);
});

function observed(entries: StoredEntries, pages: (number | undefined)[]): StoredEntries {
  return {
    find: (names) => entries.find(names),
    page: (options) => {
      pages.push(options.dueBy);
      return entries.page(options);
    },
  };
}

test('an entry whose own schedule throws is left out of the agenda, and the failure has its name', () => {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const events = new Events();
  const failures: unknown[] = [];
  events.on('failure', ({ operation, error }) => failures.push(operation, String(error)));
  const scheduled = new ScheduledEntries({ clock, events });
  const schedule: Schedule = {
    spec: 'broken',
    next: () => {
      throw new Error('no such day');
    },
  };
  const entry = makeEntry({ name: 'broken', schedule });
  expect(scheduled.schedule(entry, makeState())).toBeUndefined();
  expect(failures).toEqual([{ kind: 'schedule', entry: 'broken' }, 'Error: no such day']);
  expect([...scheduled]).toEqual([]);
});

test('after they were cleared, stored entries are loaded from the first on', async () => {
  const { store, clock, events } = makeRig();
  const positions: unknown[] = [];
  const page: StoredEntries['page'] = (options) => {
    positions.push(options.after);
    return store.entries.page(options);
  };
  const { definitions } = resolveSettings({});
  const stored = { entries: { ...store.entries, page }, definitions: () => definitions };
  const scheduled = new ScheduledEntries({ clock, events, stored });
  expect(scheduled.loadAt).toBe(-Infinity);
  await scheduled.load(clock.now());
  expect(scheduled.loadAt).toBe(clock.now() + 30 * SECOND);
  await scheduled.load(clock.now());
  expect(positions).toEqual([undefined, { dueAt: clock.now() + MINUTE + 1, entry: '' }]);
  scheduled.clear();
  expect(scheduled.loadAt).toBe(-Infinity);
  await scheduled.load(clock.now());
  expect(positions.at(-1)).toBeUndefined();
});
