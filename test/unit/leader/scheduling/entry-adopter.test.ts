import { boundLedger } from '../../../support/bound-ledger.ts';
import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { Beat } from '../../../../src/leader/beat.ts';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import { repairCommand } from '../../../../src/contracts/store/unreadable.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { STUCK_AFTER } from '../../../../src/observe/liveness.ts';
import type { Schedule } from '../../../../src/schedule/schedule.ts';
import type { Store } from '../../../../src/contracts/store/store.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { StoreError } from '../../../../src/util/errors.ts';
import { alignedSchedule, HOUR, makeEntry, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';
import { operationKey } from '../../../../src/contracts/events/beat-events.ts';

const started: Beat[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((beat) => beat.stop()));
});

/** A beat whose entries `good` and `it's` are due every ten seconds; the ledger stands in memory. */
function instance(change: (store: Store) => Store = (store) => store) {
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const store = openMemoryStore(storeOptions(`memory://${randomUUID()}`, { clock }));
  const entry = { task: 'tasks.note', schedule: 10 };
  const config = {
    brokerUrl: 'memory://',
    resultExpires: null,
    beatSchedule: { good: entry, "it's": entry, off: { ...entry, enabled: false } },
  };
  const beat = new Beat(config, { clock, store: change(store) });
  started.push(beat);
  const faults: string[] = [];
  const recovered: string[] = [];
  beat.on('failure', ({ operation, error }) => faults.push(`${operationKey(operation)}: ${String(error)}`));
  beat.on('recovered', ({ operation }) => recovered.push(operationKey(operation)));
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock.advance(500);
      await settle();
    }
  };
  const damage = async (...entries: string[]) => {
    const term = await store.ledger.beginTerm();
    const changes = entries.map((name) => {
      return { entry: name, before: null, after: {} as EntryState, messages: [] };
    });
    await store.ledger.commit({ token: term, changes });
  };
  const sent = () => store.broker.messages.map(({ headers }) => headers['periodic_task_name']);
  return { beat, clock, store, faults, recovered, pass, damage, sent };
}

test('blocked entries: an unreadable state blocks only its entry, and the failure contains the repair command', async () => {
  const { beat, faults, pass, damage, sent } = instance();
  await damage("it's", 'off');
  await beat.start();
  await pass(35);
  expect(sent()).toEqual(['good', 'good', 'good']);
  expect(beat.liveness.blockedEntries).toEqual(["it's"]);
  expect(faults.length).toBeGreaterThan(1);
  expect(new Set(faults)).toEqual(
    new Set([
      'read-state it\'s: StoreError: the state of entry "it\'s" cannot be read: "{}"; ' +
        `its schedule restarts from now with: beat forget --quoted '"it\\u0027s"'`,
    ]),
  );
});

test('blocked entries: a blocked entry continues within seconds after its state was removed', async () => {
  const { beat, store, recovered, pass, damage, sent } = instance();
  await damage("it's");
  await beat.start();
  await pass(15);
  const term = await store.ledger.beginTerm();
  await store.ledger.removeState(term, "it's");
  await pass(30);
  expect(beat.liveness.blockedEntries).toEqual([]);
  expect(recovered).toContain("read-state it's");
  expect(sent().filter((name) => name === 'good')).toHaveLength(4);
  expect(sent().filter((name) => name === "it's").length).toBeGreaterThan(0);
});

test('blocked entries: a follower has none', async () => {
  const { beat, pass, damage } = instance();
  await damage("it's");
  await beat.start();
  await pass(1);
  expect(beat.liveness.blockedEntries).toEqual(["it's"]);
  await beat.stop();
  expect(beat.liveness.blockedEntries).toEqual([]);
});

test('liveness: terms that end before their first tick are failures without progress', async () => {
  const conflict = { kind: 'conflict', entries: ['a'] } as const;
  const { beat, faults, pass } = instance((store) => ({
    ...store,
    ledger: {
      ...boundLedger(store.ledger),
      batch: { size: 10, inFlight: 1 },
      commit: async () => conflict,
      close: async () => {},
    },
  }));
  await beat.start();
  await pass(STUCK_AFTER / 1_000 + 1);
  expect(faults.length).toBeGreaterThan(10);
  for (const fault of faults) {
    expect(fault).toMatch(
      /^lead: StoreError: the term cannot begin: schedule state of a was changed by another process$/,
    );
  }
  expect(beat.liveness.alive).toBe(false);
});

test('liveness: a ledger that cannot begin a term makes no progress, and an instance that leads again is healthy', async () => {
  let broken = true;
  const { beat, faults, pass } = instance((store) => ({
    ...store,
    ledger: {
      ...boundLedger(store.ledger),
      batch: { size: 10, inFlight: 1 },
      beginTerm: () => (broken ? Promise.reject(new Error('no rights')) : store.ledger.beginTerm()),
      commit: (...args) => store.ledger.commit(...args),
      close: async () => {},
    },
  }));
  await beat.start();
  await pass(STUCK_AFTER / 1_000 + 1);
  expect(faults.every((fault) => fault === 'lead: Error: no rights')).toBe(true);
  expect(beat.liveness.alive).toBe(false);
  broken = false;
  await pass(10);
  expect(beat.liveness.alive).toBe(true);
});

test('liveness: retries of an unreachable store count as progress', async () => {
  const { beat, pass } = instance((store) => ({
    ...store,
    lock: { ...store.lock, acquire: () => Promise.reject(new Error('away')) },
  }));
  await beat.start();
  await pass(STUCK_AFTER / 1_000 + 1);
  expect(beat.liveness.alive).toBe(true);
});

test.each([
  ['nightly', 'beat forget nightly'],
  ['a b', "beat forget 'a b'"],
  ['$HOME `id`', "beat forget '$HOME `id`'"],
  ['', "beat forget ''"],
  ['-x', "beat forget -- '-x'"],
  ["it's", `beat forget --quoted '"it\\u0027s"'`],
  ['a\nb\0', `beat forget --quoted '"a\\nb\\u0000"'`],
  ['\u202e', `beat forget --quoted '"\\u202e"'`],
  ['芹菜', "beat forget '芹菜'"],
])('repair command: for %j it can be copied into a shell', (entry, command) => {
  expect(repairCommand(entry)).toBe(command);
});

test('blocked entries: states that cannot be read again are read after another ten seconds', async () => {
  const reads: number[] = [];
  const rig = makeRig({
    wrapLedger: (ledger) => ({
      ...boundLedger(ledger),
      load: async (unreadable) => {
        unreadable?.('a', new StoreError('damaged'));
        return new Map();
      },
      findStates: async (names) => {
        if (names.includes('a')) {
          reads.push(rig.clock.now());
          if (reads.length === 1) throw new StoreError('unreachable');
        }
        return new Map();
      },
    }),
  });
  const start = rig.clock.now();
  const { tick } = await rig.begin([makeEntry({ name: 'a', schedule: alignedSchedule(HOUR) })]);
  expect(await tick()).toBe(start + 10 * SECOND);
  rig.clock.advance(10 * SECOND);
  expect(await tick()).toBe(start + 20 * SECOND);
  rig.clock.advance(10 * SECOND);
  expect(await tick()).toBe(start + HOUR);
  expect(reads).toEqual([start + 10 * SECOND, start + 20 * SECOND]);
  expect(rig.emitted.recovered).toMatchObject([{ operation: { kind: 'read-state', entry: 'a' } }]);
});

test('a term begins when all entries are scheduled, also if their schedules take long to compute', async () => {
  const rig = makeRig();
  const slow = (schedule: Schedule): Schedule => ({
    ...schedule,
    next: (after) => {
      rig.clock.advance(20);
      return schedule.next(after);
    },
  });
  const names = Array.from({ length: 100 }, (_, i) => `hourly ${i}`);
  const entries = [
    ...names.map((name) => makeEntry({ name, schedule: slow(alignedSchedule(HOUR)) })),
    makeEntry({ name: 'soon', schedule: slow(alignedSchedule(60 * SECOND)) }),
  ];
  const start = rig.clock.now();
  await rig.begin(entries);
  const { tick } = await rig.begin(entries);
  expect(await tick()).toBe(start + 60 * SECOND);
});
