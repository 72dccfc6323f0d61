import { expect, test, describe } from 'vitest';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import { makeFirstRun, NEW_STATE, makeNextRun, advanceState } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { settle } from '../../../support/settle.ts';
import { Rig } from './rig.ts';

const COMMITTED = { kind: 'committed' };

/** Sends a task to a queue of its own. */
function runOf(entry: string, queue: string): Change {
  const messages = [makeMessage(entry, { queue })];
  return { entry, before: null, after: advanceState(NEW_STATE, entry), messages };
}

test('a commit publishes its messages and removes them from the outbox', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  expect(await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a'), makeFirstRun('b', 'b')] })).toEqual(
    COMMITTED,
  );
  expect(rig.published).toEqual(['a', 'b']);
  expect(await rig.pending()).toEqual([]);
});

test('a message that is appended again after it was removed is published again', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] });
  await rig.removeState(term, 'a');
  expect(await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(COMMITTED);
  expect(rig.published).toEqual(['a', 'a']);
});

describe('the messages of a leader that died', () => {
  test('before it published them are published by the next one before its term begins', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    const first = makeFirstRun('a', 'a1');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [first] })).rejects.toThrow('unreachable');

    const heir = rig.process();
    const term = await heir.beginTerm();
    expect(rig.published).toEqual(['a1']);
    await heir.commit({ token: term, changes: [makeNextRun(first, 'a2')] });
    expect(rig.published).toEqual(['a1', 'a2']);
    expect(await rig.pending()).toEqual([]);
  });

  test('after it published them are published again under the same id', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('remove', 'lost before');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] })).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a', 'a']);
    expect(await rig.pending()).toEqual([]);
  });

  test('after it removed them are not published again', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('remove', 'lost after');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] })).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a']);
  });

  test('are published oldest first, over many pages', async () => {
    const rig = new Rig();
    const dead = rig.process();
    const term = await dead.beginTerm();
    const names = Array.from({ length: 1_234 }, (_, i) => `e${String(i).padStart(4, '0')}`);
    rig.next('publish', 'lost before', 'lost before');
    const [even, odd] = [0, 1].map((rest) => names.filter((_, i) => i % 2 === rest));
    for (const half of [odd!, even!]) {
      await expect(
        dead.commit({ token: term, changes: half.map((name) => makeFirstRun(name, name)) }),
      ).rejects.toThrow();
    }
    await rig.process().beginTerm();
    expect(rig.published).toEqual(names);
  });
});

describe('a commit that is repeated', () => {
  test('publishes again only the messages without an answer of the broker', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const changes = [makeFirstRun('a', 'a')];
    rig.next('publish', 'lost before', 'lost before', 'lost after');
    for (let i = 0; i < 3; i++) await expect(ledger.commit({ token: term, changes })).rejects.toThrow();
    expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
  });

  test.each(['lost before', 'lost after'] as const)(
    'does not publish what the broker has: the removal was %s',
    async (fault) => {
      const rig = new Rig();
      const ledger = rig.process();
      const term = await ledger.beginTerm();
      const changes = [makeFirstRun('a', 'a')];
      rig.next('remove', fault);
      await expect(ledger.commit({ token: term, changes })).rejects.toThrow();
      expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
      expect(rig.published).toEqual(['a']);
      expect(await rig.pending()).toEqual([]);
    },
  );

  test.each(['lost before', 'lost after'] as const)('publishes once: the append was %s', async (fault) => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    rig.next('append', fault);
    await expect(ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).rejects.toThrow();
    expect(await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a']);
  });
});

describe('another term that begins', () => {
  test('before a commit appends leaves no part of the commit', async () => {
    const rig = new Rig();
    const old = rig.process();
    const term = await old.beginTerm();
    await rig.process().beginTerm();
    expect(await old.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({ kind: 'fenced' });
    expect(rig.published).toEqual([]);
  });

  test('between append and publish makes both terms publish the messages, under one id', async () => {
    const rig = new Rig();
    const old = rig.process();
    const term = await old.beginTerm();
    rig.next('publish', async () => {
      await rig.process().beginTerm();
    });
    // The run is stored and published; the next commit finds that the term has ended.
    expect(await old.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect((await old.commit({ token: term, changes: [makeFirstRun('b')] })).kind).toBe('fenced');
  });

  test('while an older one begins ends the older one, and the newer publishes its messages', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] })).rejects.toThrow();
    rig.next('publish', async () => {
      await rig.process().beginTerm();
    });
    await expect(rig.process().beginTerm()).rejects.toThrow('a newer term has begun');
    expect(rig.published).toEqual(['a', 'a']);
    expect(await rig.pending()).toEqual([]);
  });

  test('cannot begin while the broker is unreachable and the outbox has messages', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before', 'lost before');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] })).rejects.toThrow();
    const heir = rig.process();
    await expect(heir.beginTerm()).rejects.toThrow('unreachable');
    expect(await rig.pending()).toEqual(['a']);
    await heir.beginTerm();
    expect(rig.published).toEqual(['a']);
  });
});

describe('a message that the broker rejects', () => {
  test('does not delay others: it is reported, and stays in the outbox', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const lost = runOf('lost', 'nowhere');
    expect(await ledger.commit({ token: term, changes: [runOf('a', 'q'), lost, runOf('b', 'q')] })).toEqual({
      kind: 'committed',
      unpublished: [{ message: lost.messages[0], kind: 'rejected', reason: 'there is no such queue' }],
    });
    expect(await ledger.commit({ token: term, changes: [runOf('c', 'q')] })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'b', 'c']);
    expect(await rig.pending()).toEqual(['lost']);
  });

  test('is retried after growing pauses until the broker accepts it', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    let tries = 0;
    rig.faultAt = (step) => (step === 'publish' ? () => void tries++ : undefined);
    await ledger.commit({ token: await ledger.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    const triesAfter = async (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        rig.clock.advance(1_000);
        await settle();
      }
      return tries;
    };
    expect(await triesAfter(0)).toBe(1);
    expect(await triesAfter(1)).toBe(2);
    expect(await triesAfter(2)).toBe(3);
    expect(await triesAfter(4)).toBe(4);
    expect(await triesAfter(3_600)).toBeGreaterThan(60);
    rig.missing.clear();
    await triesAfter(60);
    expect(rig.published).toEqual(['lost']);
    expect(await rig.pending()).toEqual([]);
    const last = tries;
    expect(await triesAfter(3_600)).toBe(last);
  });

  test('is removed once the broker accepted it, although the first attempt to remove it failed', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    rig.missing.clear();
    rig.next('remove', () => {}, 'lost before');
    for (let second = 0; second < 10; second++) {
      rig.clock.advance(1_000);
      await settle();
    }
    expect(rig.published).toEqual(['lost']);
    expect(await rig.pending()).toEqual([]);
  });

  test('is retried by the next term, and no longer by the last', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const old = rig.process();
    await old.commit({ token: await old.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    const heir = rig.process();
    await heir.beginTerm();
    rig.missing.clear();
    // Both pauses have passed, and the message is in the outbox until one term has published it.
    rig.clock.advance(1_000);
    await settle();
    expect(rig.published).toEqual(['lost']);
  });

  test('is not retried after the ledger is closed', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    await ledger.close();
    rig.missing.clear();
    rig.clock.advance(60_000);
    await settle();
    expect(rig.published).toEqual([]);
    expect(await rig.pending()).toEqual(['lost']);
  });
});
