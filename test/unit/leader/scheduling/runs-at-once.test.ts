import { boundLedger } from '../../../support/bound-ledger.ts';
import { expect, test } from 'vitest';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import type { Ledger } from '../../../../src/contracts/store/ledger.ts';
import { alignedSchedule, HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');
/** More than these in one commit would delay what is due next. */
const MOST = 500;

/** A rig that records how many messages each commit had, and fails commits after some. */
function recordCommits({ failAfter = Infinity } = {}) {
  const sizes: number[] = [];
  const failing = { after: failAfter };
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    commit: async (commit) => {
      const size = commit.changes.flatMap(({ messages }) => messages).length;
      if (sizes.length >= failing.after) throw new Error('out of memory');
      if (size > 0) sizes.push(size);
      return ledger.commit(commit);
    },
  });
  return { rig: makeRig({ now: new Date(NOON).toISOString(), wrapLedger }), sizes, failing };
}

/** The instants of all messages, ISO 8601. */
function instantsOf(rig: ReturnType<typeof makeRig>): string[] {
  return rig.sent().map((line) => line.split(' ')[1]!);
}

function everyMinute(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => new Date(from + i * MINUTE).toISOString());
}

const all = (parts: Partial<Entry> = {}) => makeEntry({ name: 'report', missed: 'all', maxCatchUp: 5_000, ...parts });

test('missed runs of an entry are published 500 in one commit, oldest first, each once', async () => {
  const { rig, sizes } = recordCommits();
  await rig.begin([all()]);
  rig.clock.advance(1_234 * MINUTE);
  const { tick } = await rig.begin([all()]);
  await tick();
  expect(sizes).toEqual([500, 500, 234]);
  expect(instantsOf(rig)).toEqual(everyMinute(NOON + MINUTE, 1_234));
  expect(rig.emitted.skipped).toBeUndefined();
});

test('missed runs of many entries are in commits of some hundred runs, and an entry with one run is in the first', async () => {
  const { rig, sizes } = recordCommits();
  const others = Array.from({ length: 20 }, (_, i) => all({ name: `report ${i}` }));
  const entries = [makeEntry({ name: 'backup', schedule: alignedSchedule(HOUR) }), ...others];
  await rig.begin(entries);
  rig.clock.advance(6 * HOUR);
  const { tick } = await rig.begin(entries);
  await tick();
  expect(sizes.reduce((sum, size) => sum + size)).toBe(1 + 20 * 360);
  // Each contains an entry more than fills it.
  expect(Math.max(...sizes)).toBeLessThan(2 * MOST);
  expect(new Set(rig.emitted.sent!.map(({ taskId }) => taskId)).size).toBe(1 + 20 * 360);
});

test('two missed runs are in two commits if the arguments of one fill a commit', async () => {
  const { rig, sizes } = recordCommits();
  const entry = all({ args: ['x'.repeat(1_500_000)] });
  await rig.begin([entry]);
  rig.clock.advance(2 * MINUTE);
  const { tick } = await rig.begin([entry]);
  await tick();
  expect(sizes).toEqual([1, 1]);
});

test('missed runs with large arguments are in small commits', async () => {
  const { rig, sizes } = recordCommits();
  const entry = all({ args: ['x'.repeat(500_000)] });
  await rig.begin([entry]);
  rig.clock.advance(7 * MINUTE);
  const { tick } = await rig.begin([entry]);
  await tick();
  expect(sizes).toEqual([3, 3, 1]);
});

test('an occurrence that a command asked to skip is skipped after the first 500 missed runs too', async () => {
  const { rig } = recordCommits();
  const { command } = await rig.begin([all()]);
  const skipped = new Date(NOON + 700 * MINUTE).toISOString();
  expect(await command({ do: 'skip', entry: 'report', dueAt: skipped })).toMatchObject({ status: 'applied' });
  rig.clock.advance(800 * MINUTE);
  const { tick } = await rig.begin([all()]);
  await tick();
  const expected = everyMinute(NOON + MINUTE, 800).filter((at) => at !== skipped);
  expect(instantsOf(rig)).toEqual(expected);
});

const backfill = (minutes: number) => ({
  do: 'backfill',
  entry: 'report',
  from: new Date(NOON - minutes * MINUTE).toISOString(),
  to: new Date(NOON).toISOString(),
});

test('a backfill is published 500 runs in one commit, each once, with one answer', async () => {
  const { rig, sizes } = recordCommits();
  const { command } = await rig.begin([all()]);
  const answer = await command(backfill(1_234));
  expect(answer).toMatchObject({ status: 'applied', answer: 'published 1,234 runs of report' });
  expect(sizes).toEqual([500, 500, 234]);
  expect(instantsOf(rig)).toEqual(everyMinute(NOON - 1_234 * MINUTE, 1_234));
  expect((await rig.store.ledger.load()).get('report')).not.toHaveProperty('backfill');
});

test('a backfill whose second commit the store rejects: the answer counts the runs that were published', async () => {
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...boundLedger(ledger),
    commit: async (commit) => {
      const isSecond = commit.changes.some(({ before }) => before?.backfill !== undefined);
      return isSecond ? { kind: 'store-rejected', reason: 'out of memory' } : ledger.commit(commit);
    },
  });
  const rig = makeRig({ now: new Date(NOON).toISOString(), wrapLedger });
  const { command } = await rig.begin([all()]);
  expect(await command(backfill(1_234))).toMatchObject({
    status: 'rejected',
    answer: 'out of memory; 500 runs were published, those before 2027-02-28T23:46:00.000Z',
  });
  expect(instantsOf(rig)).toEqual(everyMinute(NOON - 1_234 * MINUTE, MOST));
});

test('a backfill lets runs of its entry be published between its commits', async () => {
  const { rig, sizes } = recordCommits();
  const { tick, runCommands } = await rig.begin([all({ schedule: alignedSchedule(SECOND) })]);
  await rig.store.commands.append(JSON.stringify({ id: 'long', ...backfill(20) }));
  let steps = 0;
  while (await runCommands(() => (steps += 1) % 2_000 === 0 || sizes.at(-1) === MOST)) {
    rig.clock.advance(SECOND);
    await tick();
  }
  expect(sizes.filter((size) => size > 1)).toEqual([500, 500, 200]);
  expect(sizes.indexOf(1)).toBe(1);
  expect(new Set(instantsOf(rig)).size).toBe(rig.sent().length);
  expect(rig.emitted.failure).toBeUndefined();
});

test('a backfill is decided again if its entry was due while its occurrences were listed', async () => {
  const { rig, sizes } = recordCommits();
  const { tick, runCommands } = await rig.begin([all({ schedule: alignedSchedule(SECOND) })]);
  await rig.store.commands.append(JSON.stringify({ id: 'long', ...backfill(1) }));
  let steps = 0;
  expect(await runCommands(() => (steps += 1) >= 10)).toBe(true);
  rig.clock.advance(SECOND);
  await tick();
  expect(await runCommands(() => false)).toBe(false);
  expect(sizes).toEqual([1, 60]);
  expect(rig.emitted.failure).toBeUndefined();
});

test('a backfill is continued by the next term where the last one ended', async () => {
  const { rig, failing } = recordCommits({ failAfter: 2 });
  const first = await rig.begin([all()]);
  await rig.store.commands.append(JSON.stringify({ id: 'long', ...backfill(1_234) }));
  let isOver = false as boolean;
  const failed = expect(first.runCommands(() => false)).rejects.toThrow('out of memory');
  void failed.finally(() => (isOver = true));
  while (!isOver) {
    await new Promise(setImmediate);
    rig.clock.advance(SECOND);
  }
  expect(rig.sent()).toHaveLength(1_000);
  failing.after = Infinity;
  const second = await rig.begin([all()]);
  await second.runCommands(() => false);
  expect(instantsOf(rig)).toEqual(everyMinute(NOON - 1_234 * MINUTE, 1_234));
  const [row] = await rig.store.commands.readAudit(10);
  expect(row!.json).toContain('published 1,234 runs of report');
});
