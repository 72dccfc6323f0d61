import { expect, test } from 'vitest';
import { chordOf } from '../../src/canvas/shape.ts';
import { NO_LINKS, type Task } from '../../src/canvas/canvas.ts';
import type { ResultBackend } from '../../src/results.ts';
import { MemoryResults } from '../../src/memory/results.ts';
import { entryOf, MINUTE, SECOND } from '../support/entry.ts';
import { rig } from '../support/rig.ts';

function task(name: string): Task {
  const plain = { args: [], kwargs: {}, options: {}, immutable: false } as const;
  return { kind: 'task', task: name, ...plain, links: NO_LINKS, shown: 'tuple' };
}

const joined = entryOf({
  name: 'joined',
  task: 'chord',
  canvas: chordOf([task('tasks.a'), task('tasks.b')], task('tasks.total')),
});

/** A result backend that is away until it is told otherwise. */
class Away extends MemoryResults implements ResultBackend {
  isAway = true;
  override async expect(...chords: Parameters<MemoryResults['expect']>): Promise<void> {
    if (this.isAway) throw new Error('nobody there');
    await super.expect(...chords);
  }
}

test('a chord is announced before any of its tasks is sent', async () => {
  const results = new MemoryResults();
  const announced: number[] = [];
  const { clock, store, begin } = rig({
    results,
    ledgerOf: (ledger) => ({
      batch: ledger.batch,
      load: () => ledger.load(),
      beginTerm: () => ledger.beginTerm(),
      close: () => ledger.close(),
      commit: (term, changes) => {
        if (changes.some(({ messages }) => messages.length > 0))
          announced.push(results.chords.size);
        return ledger.commit(term, changes);
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

test('a result backend that is away holds up chords, nobody else, and none is lost', async () => {
  const results = new Away();
  const { clock, sent, told, begin } = rig({ results });
  const { tick } = await begin([joined, entryOf()]);
  clock.advance(MINUTE);
  const wakeAt = await tick();
  expect(sent()).toEqual(['tasks.cleanup 2027-03-01T12:01:00.000Z']);
  expect(told.fault).toMatchObject([{ operation: 'announce chords' }]);
  expect(wakeAt).toBe(clock.now() + 10 * SECOND);

  results.isAway = false;
  clock.advance(10 * SECOND);
  await tick();
  expect(sent().slice(1)).toEqual(
    ['a', 'b'].map((name) => `tasks.${name} 2027-03-01T12:01:00.000Z`),
  );
  expect(told.recovered).toMatchObject([{ operation: 'announce chords' }]);
  expect(told.sent?.map(({ entry }) => entry)).toEqual(['cleanup', 'joined']);
});

test('without a result backend a chord is not sent', async () => {
  const { clock, sent, told, begin } = rig();
  const { tick } = await begin([joined]);
  clock.advance(MINUTE);
  await tick();
  expect(sent()).toEqual([]);
  expect(told.fault).toHaveLength(1);
});
