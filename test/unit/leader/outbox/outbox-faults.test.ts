import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoreError } from '../../../../src/util/errors.ts';
import type { OutboxLedger } from '../../../../src/leader/outbox/outbox-ledger.ts';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import { NEW_STATE, advanceState } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { Rig, type Fault } from './rig.ts';

const RUNS = 12;

type Happening = 'none' | 'lost before' | 'lost after' | 'crash before' | 'crash after' | 'fenced';

/** The process is gone with its memory. */
class Crash extends Error {}

/**
 * One entry's runs, each committed once it is known that the last was. Faults happen at any step; a
 * failed commit is repeated, and a dead process replaced. A last term begins after all faults.
 */
async function history(events: readonly Happening[]) {
  const rig = new Rig();
  const left = [...events];
  const answered = new Set<string>();
  let dying = false;
  rig.faultAt = (step): Fault | undefined => {
    if (dying) throw new Crash();
    const fault = left.shift() ?? 'none';
    if (fault === 'none') return undefined;
    if (fault === 'lost before' || fault === 'lost after') return fault;
    if (fault === 'fenced') {
      return async () => {
        // Another instance leads for a moment. It has no faults.
        const mine = left.splice(0);
        await rig.process().beginTerm();
        left.push(...mine);
      };
    }
    if (fault === 'crash before') throw new Crash();
    dying = step !== 'pending';
    return 'lost after';
  };

  const life = async (ledger: OutboxLedger) => {
    const term = await ledger.beginTerm();
    let record = (await ledger.load()).get('e') ?? null;
    while ((record?.runCount ?? 0) < RUNS) {
      const next = advanceState(record ?? NEW_STATE, `run-${record?.runCount ?? 0}`);
      const messages = [makeMessage(next.taskId!)];
      const change: Change = { entry: 'e', before: record, after: next, messages };
      for (let done = false; !done;) {
        try {
          const outcome = await ledger.commit({ token: term, changes: [change] });
          if (outcome.kind !== 'committed') return;
          done = true;
        } catch (error) {
          if (!(error instanceof StoreError) || dying) throw error;
        }
      }
      expect(rig.published).toContain(next.taskId);
      answered.add(next.taskId!);
      record = next;
    }
  };
  const finished = async () => answered.size === RUNS || (left.length === 0 && (await over(rig)));
  do {
    dying = false;
    try {
      await life(rig.process());
    } catch (error) {
      if (!(error instanceof Crash || error instanceof StoreError)) throw error;
    }
  } while (!(await finished()));
  dying = false;
  left.length = 0;
  await rig.process().beginTerm();
  return rig;
}

async function over(rig: Rig): Promise<boolean> {
  return ((await rig.process().load()).get('e')?.runCount ?? 0) === RUNS;
}

const fault = fc.constantFrom<Happening>(
  ...(['none', 'none', 'none', 'lost before', 'lost after'] as const),
  ...(['crash before', 'crash after', 'fenced'] as const),
);
const expected = Array.from({ length: RUNS }, (_, i) => `run-${i}`);

test('no message is lost when a process dies or a step fails between append, publish and remove', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 80 }), async (faults) => {
      const rig = await history(faults);
      expect([...new Set(rig.published)].sort()).toEqual([...expected].sort());
      expect(await rig.pending()).toEqual([]);
      // Except for repeats, the order is that of the runs.
      expect([...new Set(rig.published)]).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('without faults each message is published once', async () => {
  const rig = await history([]);
  expect(rig.published).toEqual(expected);
});

test('a removed message is not published again, unless another term began between append and publish', async () => {
  const ours = fault.filter((each) => each !== 'fenced');
  await fc.assert(
    fc.asyncProperty(fc.array(ours, { maxLength: 80 }), async (faults) => {
      const { removals, published } = await history(faults);
      expect(removals).toHaveLength(RUNS);
      for (const { task, publishedAfter } of removals) {
        expect(published.slice(publishedAfter)).not.toContain(task);
      }
    }),
    { numRuns: 300 },
  );
});
