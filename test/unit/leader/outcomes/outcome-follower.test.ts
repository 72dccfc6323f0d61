import { describe, expect, test, vi } from 'vitest';
import { MemoryResultReader } from '../../../support/memory-result-reader.ts';
import { alignedSchedule, HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';

function makeTeam() {
  const reader = new MemoryResultReader();
  const rig = makeRig({ reader });
  const advance = async (ms: number) => {
    rig.clock.advance(ms);
    await settle();
  };
  const ids = () => (rig.emitted.sent ?? []).map(({ taskId }) => taskId);
  const history = async (kind: string) =>
    (await rig.store.history!.read('cleanup', { limit: 100 })).rows.filter((row) => row.kind === kind);
  return { ...rig, reader, advance, ids, history };
}

describe('outcome follower', () => {
  test('outcome follower: emits the outcome of a run once, and appends it to the history', async () => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry()]);
    team.clock.advance(MINUTE);
    await tick();
    const [taskId] = team.ids() as [string];
    const sentAt = team.clock.now();
    team.reader.end(taskId, sentAt + 100, {
      state: 'FAILURE',
      error: 'ValueError: on purpose',
      worker: 'w@host',
      runtimeMs: 90,
    });
    for (let i = 0; i < 8; i++) await team.advance(SECOND);
    const same = { taskId, dueAt: sentAt, state: 'FAILURE', doneAt: sentAt + 100 };
    const rest = { worker: 'w@host', error: 'ValueError: on purpose' };
    expect(team.emitted.outcome).toEqual([
      { ...same, ...rest, entry: 'cleanup', task: 'tasks.cleanup', sentAt, runtimeMs: 90 },
    ]);
    expect(await team.history('outcome')).toEqual([{ ...same, ...rest, kind: 'outcome', runtimeMs: 90 }]);
    // It is not read again.
    const { length } = team.reader.reads;
    await team.advance(HOUR);
    expect(team.reader.reads).toHaveLength(length);
  });

  test('outcome follower: one read asks for the runs of all entries', async () => {
    const team = makeTeam();
    const entries = Array.from({ length: 1_200 }, (_, i) => makeEntry({ name: `entry ${i}` }));
    const { tick } = await team.begin(entries);
    team.clock.advance(MINUTE);
    await tick();
    await team.advance(SECOND);
    expect(team.reader.reads.map(({ length }) => length)).toEqual([500, 500, 200]);
  });

  test('outcome follower: runs without a result are not followed', async () => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry({ options: { ignoreResult: true } })]);
    team.clock.advance(MINUTE);
    await tick();
    await team.advance(MINUTE);
    expect(team.reader.reads).toEqual([]);
  });

  test.each([
    { what: 'the run was withdrawn', isWithdrawn: true, outcomes: 0 },
    { what: 'occurrences around it were skipped as missed', isWithdrawn: false, outcomes: 1 },
  ])('outcome follower: after $what, $outcomes outcomes of a run are reported', async ({ isWithdrawn, outcomes }) => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry()]);
    team.clock.advance(MINUTE);
    await tick();
    const { entry, dueAt, taskId, term } = team.emitted.sent![0]!;
    const skip = { entry, first: dueAt - HOUR, last: dueAt + HOUR, count: 121, reason: 'missed' } as const;
    team.events.emit('skipped', isWithdrawn ? { ...skip, withdrawn: [{ taskId, dueAt, term }] } : skip);
    team.reader.end(taskId, team.clock.now());
    for (let i = 0; i < 8; i++) await team.advance(SECOND);
    expect(team.emitted.outcome ?? []).toHaveLength(outcomes);
  });

  test('outcome follower: a run is followed for a day, at intervals that grow to 30 seconds', async () => {
    const team = makeTeam();
    const entry = makeEntry({ schedule: alignedSchedule(7 * 24 * HOUR) });
    const { tick } = await team.begin([entry]);
    team.clock.advance(7 * 24 * HOUR);
    await tick();
    for (let i = 0; i < 25 * 60; i++) await team.advance(MINUTE);
    expect(team.reader.reads.length).toBeGreaterThan(1_000);
    expect(team.reader.reads.length).toBeLessThan(24 * 120 + 60);
    const { length } = team.reader.reads;
    await team.advance(HOUR);
    expect(team.reader.reads).toHaveLength(length);
    expect(team.emitted.outcome).toBeUndefined();
  });

  test('outcome follower: while the backend cannot be read, pauses grow, and outcomes come later', async () => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry()]);
    team.clock.advance(MINUTE);
    await tick();
    team.reader.error = new Error('unreachable');
    for (let i = 0; i < 60; i++) await team.advance(SECOND);
    expect(team.reader.reads.length).toBeLessThan(10);
    expect(team.emitted.failure?.[0]).toMatchObject({ operation: { kind: 'read-outcomes' } });
    team.reader.error = null;
    team.reader.end(team.ids()[0]!, team.clock.now());
    for (let i = 0; i < 40; i++) await team.advance(SECOND);
    expect(team.emitted.outcome).toHaveLength(1);
    expect(team.emitted.recovered).toMatchObject([{ operation: { kind: 'read-outcomes' } }]);
  });

  test('outcome follower: a result that cannot be decoded is read twice and then ignored, and the result of the next run is read', async () => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry()]);
    team.clock.advance(MINUTE);
    await tick();
    const [taskId = ''] = team.ids();
    team.reader.unreadable.set(taskId, 'it is not complete');
    for (let i = 0; i < 50; i++) await team.advance(SECOND);
    expect(team.reader.reads).toEqual([[taskId], [taskId]]);
    const operation = { kind: 'read-result', entry: 'cleanup' };
    expect(team.emitted.failure).toMatchObject([
      { operation, error: { message: `result of task ${taskId}: it is not complete` } },
    ]);
    team.clock.advance(10 * SECOND);
    await tick();
    team.reader.end(team.ids()[1]!, team.clock.now());
    await team.advance(SECOND);
    expect(team.emitted.outcome).toMatchObject([{ taskId: team.ids()[1] }]);
    expect(team.emitted.recovered).toMatchObject([{ operation }]);
  });

  test('outcome follower: an outcome that cannot be appended to the history is appended later', async () => {
    const team = makeTeam();
    const { tick } = await team.begin([makeEntry({ schedule: alignedSchedule(HOUR) })]);
    team.clock.advance(HOUR);
    await tick();
    const append = vi.spyOn(team.store.history!, 'append');
    append.mockRejectedValue(new Error('unreachable'));
    team.reader.end(team.ids()[0]!, team.clock.now());
    for (let i = 0; i < 20; i++) await team.advance(SECOND);
    expect(append.mock.calls.length).toBeGreaterThan(2);
    expect(append.mock.calls.length).toBeLessThan(10);
    append.mockRestore();
    for (let i = 0; i < 6; i++) await team.advance(SECOND);
    expect(await team.history('outcome')).toHaveLength(1);
    expect(team.emitted.outcome).toHaveLength(1);
  });

  test('outcome follower: the next leader follows the runs without an outcome in the history', async () => {
    const team = makeTeam();
    const entry = makeEntry();
    const first = await team.begin([entry]);
    for (let i = 0; i < 3; i++) {
      team.clock.advance(MINUTE);
      await first.tick();
    }
    const [one, two, three] = team.ids() as [string, string, string];
    team.reader.end(one, team.clock.now());
    for (let i = 0; i < 40; i++) await team.advance(SECOND);
    first.end();
    expect(team.emitted.outcome).toMatchObject([{ taskId: one }]);
    await team.begin([entry]);
    for (const id of [two, three]) team.reader.end(id, team.clock.now());
    for (let i = 0; i < 40; i++) await team.advance(SECOND);
    expect(team.emitted.outcome!.map(({ taskId }) => taskId).toSorted()).toEqual([one, two, three].toSorted());
    expect(await team.history('outcome')).toHaveLength(3);
  });

  test('outcome follower: a history that cannot be read is a failure, and new runs are followed', async () => {
    const team = makeTeam();
    const first = await team.begin([makeEntry()]);
    team.clock.advance(MINUTE);
    await first.tick();
    first.end();
    const read = vi.spyOn(team.store.history!, 'read');
    read.mockRejectedValueOnce(new Error('unreachable'));
    const { tick } = await team.begin([makeEntry()]);
    await settle();
    expect(team.emitted.failure).toMatchObject([
      { operation: { kind: 'read-outcomes' }, error: { message: 'unreachable' } },
    ]);
    team.clock.advance(MINUTE);
    await tick();
    const [, taskId] = team.ids() as [string, string];
    team.reader.end(taskId, team.clock.now());
    for (let i = 0; i < 8; i++) await team.advance(SECOND);
    expect(team.emitted.outcome).toMatchObject([{ taskId }]);
  });

  test('outcome follower: the result of an earlier run with the same fixed task id is not used for a new run', async () => {
    const team = makeTeam();
    const entry = makeEntry({ schedule: alignedSchedule(HOUR), options: { taskId: 'fixed' } });
    const { tick } = await team.begin([entry]);
    team.reader.end('fixed', team.clock.now());
    team.clock.advance(HOUR);
    await tick();
    await team.advance(MINUTE);
    expect(team.emitted.outcome).toBeUndefined();
    team.reader.end('fixed', team.clock.now());
    for (let i = 0; i < 40; i++) await team.advance(SECOND);
    expect(team.emitted.outcome).toMatchObject([{ taskId: 'fixed' }]);
  });
});
