import { describe, expect, test } from 'vitest';
import { alignedSchedule, HOUR, makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';
import { MemoryEventStream } from '../../../support/memory-event-stream.ts';
import { MemoryResultReader } from '../../../support/memory-result-reader.ts';
import { makeRig } from '../../../support/rig.ts';
import { settle } from '../../../support/settle.ts';

const RECEIVE = { operation: { kind: 'receive-task-events' } };

/** A leader that has published one run of an entry, whose workers send task events. */
async function publish({ hasBackend = true, history = true, entry = makeEntry() } = {}) {
  const stream = new MemoryEventStream();
  const reader = new MemoryResultReader();
  const rig = makeRig({ reader: hasBackend ? reader : null, stream, history });
  const advance = async (ms: number) => {
    rig.clock.advance(ms);
    await settle();
  };
  const { tick, end } = await rig.begin([entry]);
  rig.clock.advance(MINUTE);
  await tick();
  const { taskId, sentAt } = rig.emitted.sent![0]!;
  const send = (type: string, ms: number, parts = {}) => {
    const timestamp = (sentAt + ms) / 1_000;
    stream.send({ type, uuid: taskId, hostname: 'celery@one', timestamp, ...parts });
  };
  const outcomes = () => rig.emitted.outcome ?? [];
  return { ...rig, stream, reader, advance, tick, end, taskId, sentAt, send, outcomes, entry };
}

describe('outcomes with task events', () => {
  test('task events: the end event is the outcome of a run, whose result is then not read', async () => {
    const run = await publish();
    run.send('task-started', 100);
    await run.advance(9_910);
    const { length } = run.reader.reads;
    expect(length).toBeGreaterThan(0);
    run.send('task-succeeded', 9_900, { runtime: 9.8 });
    expect(run.outcomes()).toMatchObject([
      { state: 'SUCCESS', doneAt: run.sentAt + 9_900, runtimeMs: 9_800, worker: 'celery@one' },
    ]);
    run.reader.end(run.taskId, run.sentAt + 9_899);
    await run.advance(HOUR);
    expect(run.reader.reads).toHaveLength(length);
    expect(run.outcomes()).toHaveLength(1);
  });

  test('task events: after the end event, the result of a run that limits overlap is read within a tenth of a second', async () => {
    const run = await publish({ entry: makeEntry({ overlap: 'skip' }) });
    run.send('task-started', 100);
    await run.advance(9_910);
    const { length } = run.reader.reads;
    run.reader.end(run.taskId, run.sentAt + 9_899);
    run.send('task-succeeded', 9_900, { runtime: 9.8 });
    await settle();
    expect(run.reader.reads).toHaveLength(length);
    await run.advance(90);
    expect(run.reader.reads).toHaveLength(length + 1);
    expect(run.outcomes()).toMatchObject([
      { state: 'SUCCESS', doneAt: run.sentAt + 9_899, runtimeMs: 9_800, worker: 'celery@one' },
    ]);
  });

  test('task events: an outcome that is read before its event waits two seconds for the runtime', async () => {
    const run = await publish();
    run.reader.end(run.taskId, run.sentAt + 100);
    await run.advance(250);
    await run.advance(500);
    expect(run.outcomes()).toEqual([]);
    run.send('task-succeeded', 100, { runtime: 0.1 });
    expect(run.outcomes()).toMatchObject([{ runtimeMs: 100 }]);
  });

  test('task events: an outcome whose event is lost is reported without a runtime', async () => {
    const run = await publish();
    run.reader.end(run.taskId, run.sentAt + 100);
    await run.advance(250);
    await run.advance(1_999);
    expect(run.outcomes()).toEqual([]);
    await run.advance(1);
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: null, worker: null }]);
    run.send('task-succeeded', 100, { runtime: 0.1 });
    await run.advance(HOUR);
    expect(run.outcomes()).toHaveLength(1);
  });

  test('task events: an outcome does not wait if no events arrive, or if it is complete already', async () => {
    const lost = await publish();
    lost.stream.error = new Error('refused');
    lost.stream.lose(new Error('reset'));
    await settle();
    lost.reader.end(lost.taskId, lost.sentAt + 100);
    await lost.advance(250);
    expect(lost.outcomes()).toMatchObject([{ runtimeMs: null }]);
    const shell = await publish();
    shell.reader.end(shell.taskId, shell.sentAt + 100, { runtimeMs: 90 });
    await shell.advance(250);
    expect(shell.outcomes()).toMatchObject([{ runtimeMs: 90 }]);
  });

  test('task events: an outcome that waits for its event is reported when the term ends', async () => {
    const run = await publish({ history: false });
    run.reader.end(run.taskId, run.sentAt + 100);
    await run.advance(250);
    run.end();
    await settle();
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: null }]);
  });

  test('task events: without a result backend, events are the outcomes', async () => {
    const run = await publish({ hasBackend: false });
    run.send('task-started', 100);
    expect(run.outcomes()).toEqual([]);
    run.send('task-failed', 1_100, { exception: "ValueError('no')", traceback: 'V: no' });
    expect(run.outcomes()).toMatchObject([
      { state: 'FAILURE', doneAt: run.sentAt + 1_100, runtimeMs: 1_000, error: 'V: no' },
    ]);
    // The loop that appends wakes for it, and not only when something is to be read.
    await run.advance(SECOND);
    const { rows } = await run.store.history!.read('cleanup', { limit: 10 });
    expect(rows.filter(({ kind }) => kind === 'outcome')).toMatchObject([{ runtimeMs: 1_000 }]);
  });

  test('task events: the end event is the outcome of a run that ignores its result', async () => {
    const run = await publish({ entry: makeEntry({ options: { ignoreResult: true } }) });
    await run.advance(MINUTE);
    expect(run.reader.reads).toEqual([]);
    run.send('task-succeeded', MINUTE, { runtime: 60 });
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: MINUTE }]);
  });

  test('task events: a result that cannot be read leaves the outcome to the event', async () => {
    const run = await publish();
    run.reader.unreadable.set(run.taskId, 'pickled');
    await run.advance(250);
    expect(run.emitted.failure).toBeUndefined();
    run.send('task-succeeded', 300, { runtime: 0.3 });
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: 300 }]);
  });

  test('task events: events that arrive before the run is followed are not lost', async () => {
    const stream = new MemoryEventStream();
    const rig = makeRig({ stream });
    const { tick } = await rig.begin([makeEntry({ options: { taskId: 'fixed' } })]);
    await settle();
    rig.clock.advance(MINUTE);
    const timestamp = rig.clock.now() / 1_000;
    const about = { uuid: 'fixed', hostname: 'celery@one' };
    stream.send(
      { ...about, timestamp, type: 'task-started' },
      { ...about, timestamp: timestamp + 1, type: 'task-succeeded', runtime: 1 },
    );
    await tick();
    expect(rig.emitted.outcome).toMatchObject([{ taskId: 'fixed', runtimeMs: SECOND }]);
  });

  test('task events: events of an earlier run with the same task id are not used for a new run', async () => {
    const run = await publish({ hasBackend: false });
    run.send('task-succeeded', -HOUR, { runtime: 1 });
    expect(run.outcomes()).toEqual([]);
  });

  test('task events: the newest 10,000 events of tasks that are not followed are retained', async () => {
    const stream = new MemoryEventStream();
    const rig = makeRig({ stream });
    const { tick } = await rig.begin([
      makeEntry({ name: 'old', options: { taskId: 'old' } }),
      makeEntry({ name: 'new', options: { taskId: 'new' } }),
    ]);
    await settle();
    rig.clock.advance(MINUTE);
    const timestamp = rig.clock.now() / 1_000;
    const ended = { type: 'task-succeeded', hostname: 'celery@one', timestamp, runtime: 1 };
    stream.send({ ...ended, uuid: 'old' }, { ...ended, uuid: 'new' });
    for (let i = 0; i < 9_999; i++) stream.send({ ...ended, uuid: `${i}` });
    await tick();
    expect(rig.emitted.outcome).toMatchObject([{ taskId: 'new' }]);
  });

  test('task events: a message over 1 MB is not parsed, with a warning', async () => {
    const run = await publish();
    const padding = 'a'.repeat(1_000_000);
    run.send('task-succeeded', 100, { runtime: 0.1, padding });
    expect(run.outcomes()).toEqual([]);
    expect(run.emitted.warning).toMatchObject([
      { kind: 'task-events', message: 'Messages of task events over 1 MB are ignored' },
    ]);
    run.send('task-succeeded', 100, { runtime: 0.1, padding: padding.slice(1_000) });
    expect(run.outcomes()).toHaveLength(1);
  });

  test('task events: the end event ends a run that limits overlap if its result is unreadable', async () => {
    const run = await publish({ entry: makeEntry({ overlap: 'skip', maxRuntime: HOUR }) });
    run.reader.unreadable.set(run.taskId, 'it is nested too deep');
    await run.advance(10 * SECOND);
    await run.advance(10 * SECOND);
    expect(run.emitted.failure).toMatchObject([
      {
        operation: { kind: 'read-result', entry: 'cleanup' },
        error: { message: `result of task ${run.taskId}: it is nested too deep` },
      },
    ]);
    expect(run.outcomes()).toEqual([]);
    run.send('task-succeeded', 20_100, { runtime: 20 });
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: 20_000 }]);
    run.clock.advance(MINUTE);
    await run.tick();
    await run.tick();
    expect(run.emitted.sent).toHaveLength(2);
  });

  test('task events: if the result is still unreadable after the end event, the event ends the run', async () => {
    const run = await publish({ entry: makeEntry({ overlap: 'skip', maxRuntime: HOUR }) });
    run.reader.unreadable.set(run.taskId, 'it is nested too deep');
    run.send('task-failed', 100, { exception: 'ValueError()' });
    await run.advance(10 * SECOND);
    expect(run.outcomes()).toEqual([]);
    await run.advance(10 * SECOND);
    expect(run.outcomes()).toMatchObject([{ state: 'FAILURE', error: 'ValueError()' }]);
  });

  test('task events: an event does not end a run of an entry that limits overlap', async () => {
    const run = await publish({ entry: makeEntry({ overlap: 'skip', maxRuntime: HOUR }) });
    run.send('task-succeeded', 100, { runtime: 0.1 });
    for (let i = 0; i < 60; i++) await run.advance(SECOND);
    await run.tick();
    expect(run.outcomes()).toEqual([]);
    expect(run.emitted.skipped).toMatchObject([{ reason: 'overlap' }]);
    run.reader.end(run.taskId, run.clock.now());
    for (let i = 0; i < 60; i++) await run.advance(SECOND);
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS' }]);
    await run.tick();
    expect(run.emitted.sent).toHaveLength(2);
  });

  test('task events: a run of such an entry ends with its result, also while its report waits for the event', async () => {
    const run = await publish({ entry: makeEntry({ overlap: 'queue' }) });
    await run.advance(MINUTE - SECOND);
    run.reader.end(run.taskId, run.clock.now());
    await run.advance(SECOND);
    await run.tick();
    await settle();
    await run.tick();
    expect(run.outcomes()).toEqual([]);
    expect(run.emitted.sent).toHaveLength(2);
    run.send('task-succeeded', MINUTE - SECOND, { runtime: 59 });
    expect(run.outcomes()).toMatchObject([{ runtimeMs: 59_000 }]);
  });

  test('task events: the next leader receives them, also for runs that ignore their result', async () => {
    const entry = makeEntry({ options: { ignoreResult: true } });
    const run = await publish({ entry });
    run.end();
    await settle();
    await run.begin([entry]);
    await settle();
    run.send('task-succeeded', SECOND, { runtime: 1 });
    expect(run.outcomes()).toMatchObject([{ taskId: run.taskId, runtimeMs: SECOND }]);
  });

  test('task events: a lost connection is a failure, and is opened again after growing pauses', async () => {
    const run = await publish();
    expect(run.stream.attempts).toBe(1);
    run.stream.error = new Error('refused');
    run.stream.lose(new Error('reset'));
    await settle();
    expect(run.emitted.failure).toMatchObject([{ ...RECEIVE, error: { message: 'reset' } }]);
    for (let i = 0; i < 300; i++) await run.advance(SECOND);
    expect(run.stream.attempts).toBeGreaterThan(5);
    expect(run.stream.attempts).toBeLessThan(30);
    run.stream.error = null;
    for (let i = 0; i < 30; i++) await run.advance(SECOND);
    expect(run.emitted.recovered).toMatchObject([RECEIVE]);
  });

  test('task events: until the first event arrives, a warning says that tasks end without events', async () => {
    const run = await publish({ entry: makeEntry({ schedule: alignedSchedule(SECOND) }) });
    for (let i = 0; i < 20; i++) {
      for (const { taskId } of run.emitted.sent!) run.reader.end(taskId, run.clock.now());
      await run.advance(SECOND);
      await run.tick();
      expect(run.emitted.warning ?? []).toHaveLength(run.outcomes().length >= 10 ? 1 : 0);
    }
    expect(run.emitted.warning).toMatchObject([
      { kind: 'task-events', message: expect.stringContaining('with -E') as string },
    ]);
    run.send('task-started', 100);
    expect(run.emitted.warning!.slice(1)).toEqual([{ kind: 'task-events', message: null }]);
  });

  test('task events: after an event has arrived, tasks that end without events cause no warning', async () => {
    const run = await publish({ entry: makeEntry({ schedule: alignedSchedule(SECOND) }) });
    run.send('task-started', 100);
    for (let i = 0; i < 20; i++) {
      for (const { taskId } of run.emitted.sent!) run.reader.end(taskId, run.clock.now());
      await run.advance(SECOND);
      await run.tick();
    }
    expect(run.outcomes().length).toBeGreaterThan(10);
    expect(run.emitted.warning).toBeUndefined();
  });

  test('task events: an entry that limits overlap receives events that arrive before the run is followed', async () => {
    const stream = new MemoryEventStream();
    const reader = new MemoryResultReader();
    const rig = makeRig({ stream, reader });
    const { tick } = await rig.begin([makeEntry({ overlap: 'skip', options: { taskId: 'fixed' } })]);
    await settle();
    rig.clock.advance(MINUTE);
    const timestamp = rig.clock.now() / 1_000;
    const about = { uuid: 'fixed', hostname: 'celery@one' };
    stream.send({ ...about, timestamp, type: 'task-succeeded', runtime: 0.002 });
    reader.end('fixed', rig.clock.now());
    await tick();
    rig.clock.advance(SECOND);
    await settle();
    expect(rig.emitted.outcome).toMatchObject([{ runtimeMs: 2, worker: 'celery@one' }]);
  });

  test('task events: a run that limits overlap and whose result never comes has the outcome of its event in the end', async () => {
    const entry = makeEntry({ overlap: 'skip', maxRuntime: 12 * SECOND });
    const run = await publish({ entry });
    run.send('task-succeeded', 100, { runtime: 0.1 });
    for (let i = 0; i < 11; i++) await run.advance(SECOND);
    expect(run.outcomes()).toEqual([]);
    for (let i = 0; i < 2; i++) await run.advance(SECOND);
    expect(run.outcomes()).toMatchObject([{ state: 'SUCCESS', runtimeMs: 100, error: null }]);
  });

  test('task events: events in formats other than JSON cause a warning', async () => {
    const run = await publish();
    const timestamp = run.clock.now() / 1_000;
    const event = { type: 'task-succeeded', uuid: run.taskId, hostname: 'celery@one', timestamp };
    const body = Buffer.from(JSON.stringify(event));
    const message = { headers: {}, body, contentEncoding: 'binary' };
    for (const contentType of ['application/x-msgpack', 'application/x-msgpack', '']) {
      run.stream.sendMessage({ ...message, contentType });
    }
    const text = 'Task events in another format than application/json are ignored';
    expect(run.emitted.warning).toMatchObject([
      { kind: 'task-events', message: expect.stringContaining(text) as string },
    ]);
    expect(run.outcomes()).toEqual([]);
  });
});
