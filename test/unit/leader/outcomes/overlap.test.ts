import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import type { RunningRun } from '../../../../src/contracts/store/entry-state.ts';
import type { HistoryRow } from '../../../../src/contracts/store/history.ts';
import { MemoryResultReader } from '../../../support/memory-result-reader.ts';
import { alignedSchedule, HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';

const NOON = Date.parse('2027-03-01T12:00:00Z');

/** A leader whose workers end tasks when the test says so. */
function makeTeam() {
  const reader = new MemoryResultReader();
  const cancelled: string[] = [];
  let cancelError: Error | null = null;
  const rig = makeRig({
    reader,
    cancelTasks: async (ids) => {
      if (cancelError) throw cancelError;
      cancelled.push(...ids);
    },
  });
  const { clock, emitted } = rig;
  const lead = async (entry: Entry) => {
    const leader = await rig.begin([entry]);
    /** Ticks as a running instance would, with the reads between. */
    const tick = async () => {
      for (let i = 0; i < 4; i++) {
        await leader.tick();
        await settle();
      }
    };
    const advance = async (ms: number) => {
      clock.advance(ms);
      await tick();
    };
    return { ...leader, tick, advance };
  };
  return {
    ...rig,
    reader,
    cancelled,
    lead,
    failToCancel: (error: Error | null) => (cancelError = error),
    ids: () => (emitted.sent ?? []).map(({ taskId }) => taskId),
    /** The minutes after noon at which runs were due. */
    sentAt: () => (emitted.sent ?? []).map(({ dueAt }) => (dueAt - NOON) / MINUTE),
    skipped: () => (emitted.skipped ?? []).map(({ reason, last }) => [reason, (last - NOON) / MINUTE]),
    end: (taskId: string, parts = {}) => reader.end(taskId, clock.now(), parts),
    state: async () => (await rig.store.ledger.load()).get('cleanup')!,
  };
}

describe('overlap of runs', () => {
  test('overlap skip: occurrences are skipped until the run has an outcome', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'skip' }));
    await advance(MINUTE);
    expect((await team.state()).running).toHaveLength(1);
    await advance(MINUTE);
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1]);
    expect(team.skipped()).toEqual([
      ['overlap', 2],
      ['overlap', 3],
    ]);
    expect((await team.state()).lastSkip).toMatchObject({ reason: 'overlap' });
    team.end(team.ids()[0]!);
    await advance(30 * SECOND);
    expect((await team.state()).running).toBeUndefined();
    await advance(30 * SECOND);
    expect(team.sentAt()).toEqual([1, 4]);
  });

  test.each(['outcome', 'withdrawal'])(
    'overlap skip: a run whose %s the previous leader recorded last does not block the next',
    async (kind) => {
      const team = makeTeam();
      const entry = makeEntry({ overlap: 'skip' });
      const first = await team.lead(entry);
      await first.advance(MINUTE);
      first.end();
      const [{ taskId, dueAt }] = (await team.state()).running as [RunningRun];
      const at = team.clock.now();
      const times = { doneAt: at, runtimeMs: null, worker: null, error: null };
      const row: HistoryRow =
        kind === 'outcome'
          ? { kind: 'outcome', taskId, dueAt, state: 'SUCCESS', ...times }
          : { kind: 'skip', first: dueAt, last: dueAt, count: 1, reason: 'expired', at, term: 1, taskId };
      await team.store.history!.append([{ entry: entry.name, row }]);
      const { advance } = await team.lead(entry);
      await advance(SECOND);
      expect((await team.state()).running).toBeUndefined();
      await advance(59 * SECOND);
      expect(team.sentAt()).toEqual([1, 2]);
    },
  );

  test('overlap skip: a run whose message has expired in the outbox does not block the next', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'skip', maxRuntime: HOUR }));
    await advance(MINUTE);
    const { entry, dueAt, taskId, term } = team.emitted.sent![0]!;
    const withdrawn = [{ taskId, dueAt, term }];
    team.events.emit('skipped', { entry, first: dueAt, last: dueAt, count: 1, reason: 'expired', withdrawn });
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 2]);
  });

  test('overlap skip: a run that ended just before the next is due does not block it', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'skip' }));
    await advance(MINUTE);
    // The next read by age would be later.
    await advance(MINUTE - 1);
    team.end(team.ids()[0]!);
    await advance(1);
    expect(team.sentAt()).toEqual([1, 2]);
    expect(team.skipped()).toEqual([]);
  });

  test('overlap queue: an occurrence waits for the run, and is published when it ends', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'queue' }));
    await advance(MINUTE);
    await advance(MINUTE);
    await advance(10 * SECOND);
    expect(team.sentAt()).toEqual([1]);
    team.end(team.ids()[0]!);
    await advance(30 * SECOND);
    expect(team.sentAt()).toEqual([1, 2]);
    expect(team.skipped()).toEqual([]);
  });

  test('overlap queue: a pause that ends before the next occurrence does not wait for the result backend', async () => {
    const team = makeTeam();
    const { advance, command } = await team.lead(makeEntry({ overlap: 'queue' }));
    await advance(MINUTE);
    await command({ do: 'pause', entry: 'cleanup', until: '2027-03-01T12:01:30Z' });
    await advance(30 * SECOND);
    const { pause, running } = await team.state();
    expect(pause).toBeUndefined();
    expect(running).toHaveLength(1);
  });

  test('overlap queue: the newest of several waiting occurrences is published', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'queue' }));
    for (let i = 0; i < 4; i++) await advance(MINUTE);
    team.end(team.ids()[0]!);
    await advance(30 * SECOND);
    expect(team.sentAt()).toEqual([1, 4]);
    expect(team.skipped()).toEqual([['coalesced', 3]]);
  });

  test('overlap queue: with missed all each of them is published, one after the other', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'queue', missed: 'all' }));
    for (let i = 0; i < 3; i++) await advance(MINUTE);
    for (let i = 0; i < 2; i++) {
      team.end(team.ids()[i]!);
      await advance(20 * SECOND);
    }
    expect(team.sentAt()).toEqual([1, 2, 3]);
  });

  test('overlap cancel: workers are asked to end the run, and the next is published', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'cancel' }));
    await advance(MINUTE);
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 2]);
    expect(team.cancelled).toEqual([team.ids()[0]]);
    expect((await team.state()).running).toMatchObject([{ taskId: team.ids()[1] }]);
    // A run that has ended is not revoked.
    team.end(team.ids()[1]!);
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 2, 3]);
    expect(team.cancelled).toHaveLength(1);
  });

  test('overlap cancel: while workers cannot be asked, the next run waits', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'cancel' }));
    await advance(MINUTE);
    team.failToCancel(new Error('no connection'));
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1]);
    expect(team.emitted.failure).toMatchObject([{ operation: { kind: 'cancel' } }]);
    team.failToCancel(null);
    await advance(SECOND);
    expect(team.sentAt()).toEqual([1, 2]);
    expect(team.cancelled).toEqual([team.ids()[0]]);
  });

  test.each(['skip', 'queue', 'cancel'] as const)(
    'overlap %s: a run without an outcome blocks for maxRuntime only, and is reported as LOST',
    async (overlap) => {
      const team = makeTeam();
      const entry = makeEntry({ overlap, maxRuntime: 90 * SECOND });
      const { advance } = await team.lead({ ...entry, schedule: alignedSchedule(2 * MINUTE) });
      await advance(2 * MINUTE);
      await advance(100 * SECOND);
      expect(team.emitted.outcome).toMatchObject([
        { state: 'LOST', taskId: team.ids()[0], error: 'no outcome within 90 s (maxRuntime)' },
      ]);
      expect((await team.state()).running).toBeUndefined();
      await advance(20 * SECOND);
      expect(team.sentAt()).toEqual([2, 4]);
      expect(team.cancelled).toEqual([]);
    },
  );

  test('overlap: a run whose result is unreadable counts as running until maxRuntime, and is read twice', async () => {
    const team = makeTeam();
    const entry = makeEntry({ overlap: 'skip', maxRuntime: 3 * MINUTE });
    const { advance } = await team.lead(entry);
    await advance(MINUTE);
    const [taskId = ''] = team.ids();
    team.reader.unreadable.set(taskId, 'it is not complete');
    for (let i = 0; i < 6; i++) await advance(30 * SECOND);
    expect(team.reader.reads.filter((ids) => ids.includes(taskId)).length).toBeLessThanOrEqual(3);
    expect(team.emitted.failure).toMatchObject([{ operation: { kind: 'read-result' } }]);
    expect(team.skipped()).toEqual([
      ['overlap', 2],
      ['overlap', 3],
    ]);
    await advance(30 * SECOND);
    await advance(30 * SECOND);
    expect(team.sentAt()).toEqual([1, 4]);
    expect(team.emitted.outcome).toMatchObject([{ taskId, state: 'LOST' }]);
  });

  test('overlap: a result backend that cannot be read counts as no outcome', async () => {
    const team = makeTeam();
    const { advance } = await team.lead(makeEntry({ overlap: 'skip' }));
    await advance(MINUTE);
    team.end(team.ids()[0]!);
    team.reader.error = new Error('unreachable');
    team.reader.outcomes.clear();
    await advance(MINUTE);
    expect(team.skipped()).toEqual([['overlap', 2]]);
    expect(team.emitted.failure).toMatchObject([{ operation: { kind: 'read-outcomes' } }]);
    team.reader.error = null;
    team.end(team.ids()[0]!);
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 3]);
  });

  test('overlap: the next leader knows which run is running, and reads its outcome', async () => {
    const team = makeTeam();
    const entry = makeEntry({ overlap: 'skip' });
    const first = await team.lead(entry);
    await first.advance(MINUTE);
    first.end();
    const second = await team.lead(entry);
    await second.advance(MINUTE);
    expect(team.sentAt()).toEqual([1]);
    second.end();
    team.end(team.ids()[0]!);
    const third = await team.lead(entry);
    await third.advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 3]);
    expect(team.emitted.outcome).toHaveLength(1);
  });

  test('overlap: runs of commands are published at once, and occurrences wait for them', async () => {
    const team = makeTeam();
    const { advance, command } = await team.lead(makeEntry({ overlap: 'queue' }));
    await advance(MINUTE);
    expect(await command({ do: 'run', entry: 'cleanup' })).toMatchObject({ status: 'applied' });
    expect((await team.state()).running).toHaveLength(2);
    const [scheduled, manual] = team.ids();
    await advance(MINUTE);
    team.end(scheduled!);
    await advance(30 * SECOND);
    expect(team.ids()).toHaveLength(2);
    team.end(manual!);
    await advance(20 * SECOND);
    expect(team.sentAt()).toEqual([1, 1, 2]);
  });

  test('overlap: runs of a backfill do not end when the occurrences of their instants are skipped as missed', async () => {
    const team = makeTeam();
    const entry = makeEntry({ overlap: 'queue', missed: 'skip', schedule: alignedSchedule(10 * MINUTE) });
    const { advance, command } = await team.lead(entry);
    team.clock.advance(25 * MINUTE);
    await command({ do: 'backfill', entry: 'cleanup', from: '2027-03-01T12:10:00Z', to: '2027-03-01T12:21:00Z' });
    await advance(SECOND);
    expect(team.skipped().at(-1)).toEqual(['missed', 20]);
    await advance(5 * MINUTE - SECOND);
    expect(team.sentAt()).toEqual([10, 20]);
    for (const taskId of team.ids()) team.end(taskId);
    await advance(20 * SECOND);
    expect(team.sentAt()).toEqual([10, 20, 30]);
  });

  test('overlap: when an entry allows overlap again, its current runs are removed from the state', async () => {
    const team = makeTeam();
    const { advance, reload } = await team.lead(makeEntry({ overlap: 'skip' }));
    await advance(MINUTE);
    await reload([makeEntry()]);
    await advance(MINUTE);
    expect(team.sentAt()).toEqual([1, 2]);
    expect((await team.state()).running).toBeUndefined();
  });

  test('overlap: an entry that is due hourly keeps no run in its state after the outcome', async () => {
    const team = makeTeam();
    const entry = makeEntry({ overlap: 'skip', schedule: alignedSchedule(HOUR) });
    const { advance } = await team.lead(entry);
    await advance(HOUR);
    team.end(team.ids()[0]!);
    await advance(SECOND);
    expect((await team.state()).running).toBeUndefined();
  });
});

test('overlap: the end of a run is stored although another stored entry cannot be read', async () => {
  const reader = new MemoryResultReader();
  let damaged = '';
  const rig = makeRig({
    reader,
    wrapStored: (entries) => ({
      page: (options) => entries.page(options),
      find: async (names) => {
        const rows = await entries.find(names);
        return rows.map((row) => (row.entry === damaged ? { ...row, definition: '[' } : row));
      },
    }),
  });
  const { tick, command } = await rig.begin([]);
  // Due in two hours: the leader does not hold them in memory.
  const definition = { task: 'tasks.report', schedule: 7_200, overlap: 'queue' };
  await command({ do: 'add', entries: { a: definition, b: definition } });
  for (const entry of ['a', 'b']) await command({ do: 'run', entry });
  const running = async () => {
    const rows = await rig.store.entries.find(['a', 'b']);
    return rows.filter(({ state }) => state!.includes('"running"')).map(({ entry }) => entry);
  };
  expect((await running()).toSorted()).toEqual(['a', 'b']);
  damaged = 'a';
  for (const { taskId } of rig.emitted.sent!) reader.end(taskId, rig.clock.now());
  for (let i = 0; i < 4; i++) {
    rig.clock.advance(SECOND);
    await settle();
    await tick();
  }
  expect(await running()).toEqual(['a']);
});
