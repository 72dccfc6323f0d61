import { boundLedger } from '../../../support/bound-ledger.ts';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { makeChord, NO_LINKS, type Task } from '../../../../src/celery/canvas/canvas.ts';
import type { ResultBackend } from '../../../../src/contracts/store/results.ts';
import { MemoryResults } from '../../../../src/drivers/memory/results.ts';
import { alignedSchedule, DAY, makeEntry, HOUR, MINUTE, SECOND } from '../../../support/entry.ts';
import { makeRig } from '../../../support/rig.ts';

function task(name: string): Task {
  const plain = { args: [], kwargs: {}, options: {}, immutable: false } as const;
  return { kind: 'task', task: name, ...plain, links: NO_LINKS, reprAs: 'tuple' };
}

const joined = makeEntry({
  name: 'joined',
  task: 'chord',
  canvas: makeChord([task('tasks.a'), task('tasks.b')], task('tasks.total')),
});

/** A result backend that is unreachable until the test changes that. */
class Away extends MemoryResults implements ResultBackend {
  isAway = true;
  override async expect(...chords: Parameters<MemoryResults['expect']>): Promise<void> {
    if (this.isAway) throw new Error('connection refused');
    await super.expect(...chords);
  }
}

/** A result backend that accepts chord sizes, and answers only when the test releases it. */
class Hung extends MemoryResults {
  /** The group ids that were registered. */
  readonly asked: string[] = [];
  readonly #waking = new AbortController();

  override async expect(...[chords]: Parameters<MemoryResults['expect']>): Promise<void> {
    this.asked.push(...chords.map(({ groupId }) => groupId));
    const { signal } = this.#waking;
    if (!signal.aborted) await once(signal, 'abort');
  }

  wakeUp(): void {
    this.#waking.abort();
  }
}

test('chords: a chord is registered before any of its tasks is published', async () => {
  const results = new MemoryResults();
  const announced: number[] = [];
  const { clock, store, begin } = makeRig({
    results,
    wrapLedger: (ledger) => ({
      ...boundLedger(ledger),
      commit: ({ token, changes }) => {
        if (changes.some(({ messages }) => messages.length > 0)) announced.push(results.chords.size);
        return ledger.commit({ token, changes });
      },
    }),
  });
  const { tick } = await begin([joined]);
  clock.advance(MINUTE);
  await tick();
  expect(announced).toEqual([1]);
  const [groupId] = [...results.chords.keys()];
  expect(results.chords.get(groupId!)).toEqual({ groupId, size: 2, results: null });
  const { messages } = store.broker;
  expect(messages.map(({ headers }) => headers['group'])).toEqual([groupId, groupId]);
});

test('chords: an unreachable result backend delays only chords, and none is lost', async () => {
  const results = new Away();
  const { clock, sent, emitted, begin } = makeRig({ results });
  const { tick } = await begin([joined, makeEntry()]);
  clock.advance(MINUTE);
  const wakeAt = await tick();
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z']);
  expect(emitted.failure).toMatchObject([
    { operation: { kind: 'register-chords' }, error: { message: 'entry "joined": connection refused' } },
  ]);
  expect(wakeAt).toBe(clock.now() + SECOND);

  results.isAway = false;
  clock.advance(SECOND);
  await tick();
  expect(sent().slice(1)).toEqual(['a', 'b'].map((name) => `tasks.${name} 2027-03-01T12:01:00.000Z`));
  expect(emitted.recovered).toMatchObject([{ operation: { kind: 'register-chords' } }]);
  expect(emitted.sent?.map(({ entry }) => entry)).toEqual(['cleanup', 'joined']);
});

test('chords: a result backend that does not answer delays only chords, and each is published once when it answers', async () => {
  const results = new Hung();
  const { asked } = results;
  const { clock, store, sent, emitted, begin } = makeRig({ results });
  const { tick } = await begin([joined, makeEntry()]);
  clock.advance(MINUTE);
  const first = tick();
  await vi.waitFor(() => expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z']));
  clock.advance(SECOND);
  expect(await first).toBe(clock.now() + SECOND);
  const message = 'entry "joined": the result backend does not answer';
  expect(emitted.failure).toMatchObject([{ operation: { kind: 'register-chords' }, error: { message } }]);

  // It is not asked once more while it hangs, and a tick does not wait for it again.
  clock.advance(SECOND);
  expect(await tick()).toBe(clock.now() + SECOND);
  expect(asked).toHaveLength(1);

  results.wakeUp();
  clock.advance(SECOND);
  await tick();
  expect(sent().slice(1)).toEqual(['a', 'b'].map((name) => `tasks.${name} 2027-03-01T12:01:00.000Z`));
  expect(asked).toHaveLength(1);
  expect(store.broker.messages.slice(1).map(({ headers }) => headers['group'])).toEqual([asked[0], asked[0]]);
  expect(emitted.recovered).toMatchObject([{ operation: { kind: 'register-chords' } }]);

  clock.advance(MINUTE);
  await tick();
  expect(sent().filter((line) => line.includes('12:01'))).toHaveLength(3);
});

test('chords: a chord size is registered again if its registration is old', async () => {
  const results = new Hung();
  const { clock, sent, emitted, begin } = makeRig({ results });
  const { tick } = await begin([{ ...joined, schedule: alignedSchedule(DAY) }]);
  clock.advance(12 * HOUR);
  const first = tick();
  await vi.waitFor(() => expect(results.asked).toHaveLength(1));
  clock.advance(SECOND);
  await first;
  results.wakeUp();
  await vi.waitFor(() => expect(emitted.recovered).toHaveLength(1));
  clock.advance(HOUR);
  await tick();
  expect(sent()).toHaveLength(2);
  expect(results.asked).toHaveLength(2);
  expect(results.asked[1]).toBe(results.asked[0]);
});

test('chords: without a result backend a chord is not published', async () => {
  const { clock, sent, emitted, begin } = makeRig();
  const { tick } = await begin([joined]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual([]);
  expect(emitted.failure).toHaveLength(1);
});
