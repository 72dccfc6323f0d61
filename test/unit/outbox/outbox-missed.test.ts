import { describe, expect, test } from 'vitest';
import type { EntryState } from '../../../src/store/entry-state.ts';
import type { Change } from '../../../src/store/commit.ts';
import type { OutboxLedger } from '../../../src/outbox/outbox-ledger.ts';
import { NEW_STATE } from '../../support/change.ts';
import { makeMessage } from '../../support/message.ts';
import { settle } from '../../support/settle.ts';
import { Rig } from './rig.ts';

const MINUTE = 60_000;

/** An entry whose queue is missing, and the time in which it falls due. */
class Owed {
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

  /** Commits the run of this instant, or those of several, which then end here. Answers what was refused. */
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

  /** What was told, but for numbers of those who wait. */
  get told(): string[] {
    return this.rig.told.filter((text) => !text.startsWith('waiting'));
  }
}

describe('a run that the broker refuses is owed by the policy of its entry:', () => {
  test('with "once" a newer one stands for it, so that one is sent when its queue is there', async () => {
    const owed = new Owed();
    await owed.begin();
    for (let i = 0; i < 5; i++) {
      expect(await owed.run()).toBe(1);
      await owed.pass(1);
    }
    expect(await owed.rig.kept()).toEqual(['e4']);
    expect(owed.told).toEqual(Array(4).fill('coalesced e'));
    expect(owed.rig.told.at(-1)).toBe('waiting 1');
    owed.rig.missing.clear();
    await owed.pass(1);
    expect(owed.rig.published).toEqual(['e4']);
  });

  test('a newer one that is taken stands for it, too', async () => {
    const owed = new Owed();
    await owed.begin();
    await owed.run();
    owed.rig.missing.clear();
    owed.rig.clock.advance(500);
    expect(await owed.run()).toBe(0);
    await owed.pass(2);
    expect(owed.rig.published).toEqual(['e1']);
    expect(owed.told).toEqual(['coalesced e']);
    expect(await owed.rig.kept()).toEqual([]);
  });

  test('with "all" each is kept, up to the cap, the newest', async () => {
    const owed = new Owed();
    owed.rig.policies.set('e', { missed: 'all', maxCatchUp: 3 });
    await owed.begin();
    expect(await owed.run('nowhere', 2)).toBe(2);
    for (let i = 0; i < 3; i++) {
      await owed.pass(1);
      await owed.run();
    }
    expect(await owed.rig.kept()).toEqual(['e2', 'e3', 'e4']);
    expect(owed.told).toEqual(['catch-up-limit e', 'catch-up-limit e']);
  });

  test('with "skip" it is dropped after a minute, without a newer one', async () => {
    const owed = new Owed();
    owed.rig.policies.set('e', { missed: 'skip' });
    await owed.begin();
    await owed.run();
    // Tried after 31 s, when it is still owed, and after 63 s.
    await owed.pass(62 / 60);
    expect(await owed.rig.kept()).toEqual(['e0']);
    expect(owed.told).toEqual([]);
    await owed.pass(1 / 60);
    expect(await owed.rig.kept()).toEqual([]);
    expect(owed.told).toEqual(['missed e']);
    owed.rig.missing.clear();
    await owed.pass(3);
    expect(owed.rig.published).toEqual([]);
  });

  test.each(['once', 'all'] as const)('a starting deadline ends it, with "%s"', async (missed) => {
    const owed = new Owed();
    owed.rig.policies.set('e', { missed, startingDeadline: 10 * MINUTE });
    await owed.begin();
    await owed.run();
    await owed.pass(9);
    expect(await owed.rig.kept()).toEqual(['e0']);
    await owed.pass(3);
    expect(await owed.rig.kept()).toEqual([]);
    expect(owed.told).toEqual(['deadline e']);
  });

  test('the next term goes on so with what it finds', async () => {
    const owed = new Owed();
    owed.rig.policies.set('e', { missed: 'all' });
    await owed.begin();
    for (let i = 0; i < 3; i++) {
      await owed.run();
      await owed.pass(1);
    }
    expect(await owed.rig.kept()).toHaveLength(3);
    owed.rig.policies.clear();
    owed.ledger = owed.rig.process();
    await owed.begin();
    expect(await owed.rig.kept()).toEqual(['e2']);
    expect(owed.rig.published).toEqual([]);
  });

  test('what could not be forgotten is still owed, and forgotten by a later try', async () => {
    const owed = new Owed();
    await owed.begin();
    await owed.run();
    owed.rig.clock.advance(500);
    owed.rig.next('remove', 'lost before');
    await expect(owed.run()).rejects.toThrow('nobody there');
    expect(owed.told).toEqual([]);
    owed.rig.missing.clear();
    await owed.pass(2);
    expect(owed.told).toEqual(['coalesced e', 'delivered e']);
    expect(owed.rig.published).toEqual(['e1']);
    expect(await owed.rig.kept()).toEqual([]);
  });
});
