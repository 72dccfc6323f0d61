import { describe, expect, test } from 'vitest';
import type { EntryState } from '../../../../src/contracts/store/entry-state.ts';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import type { OutboxLedger } from '../../../../src/leader/outbox/outbox-ledger.ts';
import { NEW_STATE } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { settle } from '../../../support/settle.ts';
import { Rig } from './rig.ts';

const MINUTE = 60_000;

/** An entry whose queue is missing, and its runs. */
class Delayed {
  readonly rig = new Rig();
  ledger: OutboxLedger = this.rig.process();
  term = 0;
  #record: EntryState | null = null;
  #runs = 0;

  constructor() {
    this.rig.missing.add('nowhere');
  }

  async begin(): Promise<void> {
    this.term = await this.ledger.beginTerm();
  }

  /** Commits the run of this instant, or those of several, which then end here. Returns the number of rejections. */
  async run(queue = 'nowhere', count = 1): Promise<number> {
    const now = this.rig.clock.now();
    const messages = Array.from({ length: count }, (_, i) => {
      const message = makeMessage(`e${this.#runs++}`, { queue });
      const dueAt = now - (count - 1 - i) * MINUTE;
      return { ...message, run: { entry: 'e', dueAt, cause: 'schedule' as const } };
    });
    const expected = this.#record;
    const base = expected ?? NEW_STATE;
    const record = { ...base, dueAt: now, runCount: base.runCount + count };
    const change: Change = { entry: 'e', before: expected, after: record, messages };
    const outcome = await this.ledger.commit({ token: this.term, changes: [change] });
    this.#record = record;
    return outcome.kind === 'committed' ? (outcome.unpublished?.length ?? 0) : NaN;
  }

  async pass(minutes: number): Promise<void> {
    for (let second = 0; second < Math.round(minutes * 60); second++) {
      this.rig.clock.advance(1_000);
      await settle();
    }
  }

  /** The reports, except the numbers of delayed messages. */
  get reports(): string[] {
    return this.rig.reports.filter((text) => !text.startsWith('waiting'));
  }
}

describe('a run that the broker rejects follows the catch-up policy of its entry:', () => {
  test('"once" replaces it with a newer message, so that one run is published when its queue exists', async () => {
    const delayed = new Delayed();
    await delayed.begin();
    for (let i = 0; i < 5; i++) {
      expect(await delayed.run()).toBe(1);
      await delayed.pass(1);
    }
    expect(await delayed.rig.pending()).toEqual(['e4']);
    expect(delayed.reports).toEqual(Array(4).fill('coalesced e'));
    expect(delayed.rig.reports.at(-1)).toBe('waiting 1');
    delayed.rig.missing.clear();
    await delayed.pass(1);
    expect(delayed.rig.published).toEqual(['e4']);
  });

  test('runs of one commit that are withdrawn for different reasons are each reported with their own', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    rig.policies.set('strict', { startingDeadline: 1_000 });
    const now = rig.clock.now();
    const change = (entry: string, runs: Readonly<Record<string, number>>): Change => {
      const messages = Object.entries(runs).map(([taskId, dueAt]) => {
        return { ...makeMessage(taskId, { queue: 'nowhere' }), run: { entry, dueAt, cause: 'schedule' as const } };
      });
      return { entry, before: null, after: NEW_STATE, messages };
    };
    const ledger = rig.process();
    const token = await ledger.beginTerm();
    const changes = [change('lenient', { older: now - MINUTE, newer: now }), change('strict', { late: now - MINUTE })];
    await ledger.commit({ token, changes });
    expect(rig.withdrawn).toEqual(['coalesced older', 'deadline late']);
    expect(await rig.pending()).toEqual(['newer']);
  });

  test('a newer run that the broker accepts replaces it', async () => {
    const delayed = new Delayed();
    await delayed.begin();
    await delayed.run();
    delayed.rig.missing.clear();
    delayed.rig.clock.advance(500);
    expect(await delayed.run()).toBe(0);
    await delayed.pass(2);
    expect(delayed.rig.published).toEqual(['e1']);
    expect(delayed.reports).toEqual(['coalesced e']);
    expect(await delayed.rig.pending()).toEqual([]);
  });

  test('"all" retries the newest runs, up to the catch-up limit', async () => {
    const delayed = new Delayed();
    delayed.rig.policies.set('e', { missed: 'all', maxCatchUp: 3 });
    await delayed.begin();
    expect(await delayed.run('nowhere', 2)).toBe(2);
    for (let i = 0; i < 3; i++) {
      await delayed.pass(1);
      await delayed.run();
    }
    expect(await delayed.rig.pending()).toEqual(['e2', 'e3', 'e4']);
    expect(delayed.reports).toEqual(['catch-up-limit e', 'catch-up-limit e']);
  });

  test('"skip" skips it after a minute, even without a newer one', async () => {
    const delayed = new Delayed();
    delayed.rig.policies.set('e', { missed: 'skip' });
    await delayed.begin();
    await delayed.run();
    // The retry after 31 s publishes it, the one after 63 s skips it.
    await delayed.pass(62 / 60);
    expect(await delayed.rig.pending()).toEqual(['e0']);
    expect(delayed.reports).toEqual([]);
    await delayed.pass(1 / 60);
    expect(await delayed.rig.pending()).toEqual([]);
    expect(delayed.reports).toEqual(['missed e']);
    delayed.rig.missing.clear();
    await delayed.pass(3);
    expect(delayed.rig.published).toEqual([]);
  });

  test.each(['once', 'all'] as const)('it is skipped after its starting deadline, with "%s"', async (missed) => {
    const delayed = new Delayed();
    delayed.rig.policies.set('e', { missed, startingDeadline: 10 * MINUTE });
    await delayed.begin();
    await delayed.run();
    await delayed.pass(9);
    expect(await delayed.rig.pending()).toEqual(['e0']);
    await delayed.pass(3);
    expect(await delayed.rig.pending()).toEqual([]);
    expect(delayed.reports).toEqual(['deadline e']);
  });

  test('the next term applies the policy to the messages of earlier terms', async () => {
    const delayed = new Delayed();
    delayed.rig.policies.set('e', { missed: 'all' });
    await delayed.begin();
    for (let i = 0; i < 3; i++) {
      await delayed.run();
      await delayed.pass(1);
    }
    expect(await delayed.rig.pending()).toHaveLength(3);
    delayed.rig.policies.clear();
    delayed.ledger = delayed.rig.process();
    await delayed.begin();
    expect(await delayed.rig.pending()).toEqual(['e2']);
    expect(delayed.rig.published).toEqual([]);
  });

  test('a skipped message that could not be removed is removed by a later attempt', async () => {
    const delayed = new Delayed();
    await delayed.begin();
    await delayed.run();
    delayed.rig.clock.advance(500);
    delayed.rig.next('remove', 'lost before');
    await expect(delayed.run()).rejects.toThrow('unreachable');
    expect(delayed.reports).toEqual([]);
    delayed.rig.missing.clear();
    await delayed.pass(2);
    expect(delayed.reports).toEqual(['coalesced e', 'delivered e']);
    expect(delayed.rig.published).toEqual(['e1']);
    expect(await delayed.rig.pending()).toEqual([]);
  });
});
