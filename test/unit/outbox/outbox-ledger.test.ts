import { expect, test, describe } from 'vitest';
import type { Change } from '../../../src/store/commit.ts';
import { makeFirstRun, NEW_STATE, makeNextRun, advanceState } from '../../support/change.ts';
import { makeMessage } from '../../support/message.ts';
import { settle } from '../../support/settle.ts';
import { Rig } from './rig.ts';

const COMMITTED = { kind: 'committed' };

/** Sends a task to a queue of its own. */
function runOf(entry: string, queue: string): Change {
  const messages = [makeMessage(entry, { queue })];
  return { entry, before: null, after: advanceState(NEW_STATE, entry), messages };
}

test('a commit publishes what it keeps, and keeps it no longer', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  expect(
    await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a'), makeFirstRun('b', 'b')] }),
  ).toEqual(COMMITTED);
  expect(rig.published).toEqual(['a', 'b']);
  expect(await rig.kept()).toEqual([]);
});

test('a message that is kept again after it was forgotten is published again', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] });
  await rig.removeState(term, 'a');
  expect(await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(
    COMMITTED,
  );
  expect(rig.published).toEqual(['a', 'a']);
});

describe('what a leader kept and died over', () => {
  test('before it published is published by the next, before that one begins', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    const first = makeFirstRun('a', 'a1');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [first] })).rejects.toThrow(
      'nobody there',
    );

    const heir = rig.process();
    const term = await heir.beginTerm();
    expect(rig.published).toEqual(['a1']);
    await heir.commit({ token: term, changes: [makeNextRun(first, 'a2')] });
    expect(rig.published).toEqual(['a1', 'a2']);
    expect(await rig.kept()).toEqual([]);
  });

  test('after it published is published again under the same id', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('remove', 'lost before');
    await expect(
      dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] }),
    ).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a', 'a']);
    expect(await rig.kept()).toEqual([]);
  });

  test('after it forgot is not published again', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('remove', 'lost after');
    await expect(
      dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] }),
    ).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a']);
  });

  test('is drained oldest first, however much there is', async () => {
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
  test('publishes once more what the broker did not answer for, and only that', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const changes = [makeFirstRun('a', 'a')];
    rig.next('publish', 'lost before', 'lost before', 'lost after');
    for (let i = 0; i < 3; i++)
      await expect(ledger.commit({ token: term, changes })).rejects.toThrow();
    expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
  });

  test.each(['lost before', 'lost after'] as const)(
    'does not publish what the broker has: to forget was %s',
    async (fate) => {
      const rig = new Rig();
      const ledger = rig.process();
      const term = await ledger.beginTerm();
      const changes = [makeFirstRun('a', 'a')];
      rig.next('remove', fate);
      await expect(ledger.commit({ token: term, changes })).rejects.toThrow();
      expect(await ledger.commit({ token: term, changes })).toEqual(COMMITTED);
      expect(rig.published).toEqual(['a']);
      expect(await rig.kept()).toEqual([]);
    },
  );

  test.each(['lost before', 'lost after'] as const)(
    'publishes once: to keep was %s',
    async (fate) => {
      const rig = new Rig();
      const ledger = rig.process();
      const term = await ledger.beginTerm();
      rig.next('append', fate);
      await expect(
        ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] }),
      ).rejects.toThrow();
      expect(await ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(
        COMMITTED,
      );
      expect(rig.published).toEqual(['a']);
    },
  );
});

describe('another term that begins', () => {
  test('before a commit is kept leaves nothing of it', async () => {
    const rig = new Rig();
    const old = rig.process();
    const term = await old.beginTerm();
    await rig.process().beginTerm();
    expect(await old.commit({ token: term, changes: [makeFirstRun('a')] })).toEqual({
      kind: 'fenced',
    });
    expect(rig.published).toEqual([]);
  });

  test('between keep and publish has the messages published by both, under one id', async () => {
    const rig = new Rig();
    const old = rig.process();
    const term = await old.beginTerm();
    rig.next('publish', async () => {
      await rig.process().beginTerm();
    });
    // It was recorded and it is in its queue; that the term is over is told by the next commit.
    expect(await old.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect((await old.commit({ token: term, changes: [makeFirstRun('b')] })).kind).toBe('fenced');
  });

  test('during a drain ends it, and the newer drains', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    await expect(
      dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] }),
    ).rejects.toThrow();
    rig.next('publish', async () => {
      await rig.process().beginTerm();
    });
    await expect(rig.process().beginTerm()).rejects.toThrow('another term has begun');
    expect(rig.published).toEqual(['a', 'a']);
    expect(await rig.kept()).toEqual([]);
  });

  test('cannot begin while the broker is out of reach and something is kept', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before', 'lost before');
    await expect(
      dead.commit({ token: await dead.beginTerm(), changes: [makeFirstRun('a', 'a')] }),
    ).rejects.toThrow();
    const heir = rig.process();
    await expect(heir.beginTerm()).rejects.toThrow('nobody there');
    expect(await rig.kept()).toEqual(['a']);
    await heir.beginTerm();
    expect(rig.published).toEqual(['a']);
  });
});

describe('a message that the broker refuses', () => {
  test('holds up no other: it is told, and stays kept', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const lost = runOf('lost', 'nowhere');
    expect(
      await ledger.commit({ token: term, changes: [runOf('a', 'q'), lost, runOf('b', 'q')] }),
    ).toEqual({
      kind: 'committed',
      unpublished: [
        { message: lost.messages[0], kind: 'rejected', reason: 'there is no such queue' },
      ],
    });
    expect(await ledger.commit({ token: term, changes: [runOf('c', 'q')] })).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'b', 'c']);
    expect(await rig.kept()).toEqual(['lost']);
  });

  test('is tried again after growing pauses, until it is taken', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    let tries = 0;
    rig.fateOf = (step) => (step === 'publish' ? () => void tries++ : undefined);
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
    expect(await rig.kept()).toEqual([]);
    const last = tries;
    expect(await triesAfter(3_600)).toBe(last);
  });

  test('is forgotten once it was taken, though the first try to forget it failed', async () => {
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
    expect(await rig.kept()).toEqual([]);
  });

  test('is tried by the next term, and no longer by the last', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const old = rig.process();
    await old.commit({ token: await old.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    const heir = rig.process();
    await heir.beginTerm();
    rig.missing.clear();
    // The pauses of both have passed, and the message is kept until one of them has published it.
    rig.clock.advance(1_000);
    await settle();
    expect(rig.published).toEqual(['lost']);
  });

  test('is tried no more once the ledger is closed', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [runOf('lost', 'nowhere')] });
    await ledger.close();
    rig.missing.clear();
    rig.clock.advance(60_000);
    await settle();
    expect(rig.published).toEqual([]);
    expect(await rig.kept()).toEqual(['lost']);
  });
});
