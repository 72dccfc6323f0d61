import { expect, test, describe } from 'vitest';
import type { Change } from '../../../src/store/ledger.ts';
import { makeFirstRun, NEW_RECORD, makeNextRun, advanceRecord } from '../../support/change.ts';
import { makeMessage } from '../../support/message.ts';
import { settle } from '../../support/settle.ts';
import { Rig } from './rig.ts';

const COMMITTED = { kind: 'committed' };

/** Sends a task to a queue of its own. */
function runOf(entry: string, queue: string): Change {
  const messages = [makeMessage(entry, { queue })];
  return { entry, expected: null, record: advanceRecord(NEW_RECORD, entry), messages };
}

test('a commit publishes what it keeps, and keeps it no longer', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  expect(await ledger.commit(term, [makeFirstRun('a', 'a'), makeFirstRun('b', 'b')])).toEqual(
    COMMITTED,
  );
  expect(rig.published).toEqual(['a', 'b']);
  expect(await rig.kept()).toEqual([]);
});

test('a message that is kept again after it was forgotten is published again', async () => {
  const rig = new Rig();
  const ledger = rig.process();
  const term = await ledger.beginTerm();
  await ledger.commit(term, [makeFirstRun('a', 'a')]);
  await rig.removeRecord(term, 'a');
  expect(await ledger.commit(term, [makeFirstRun('a', 'a')])).toEqual(COMMITTED);
  expect(rig.published).toEqual(['a', 'a']);
});

describe('what a leader kept and died over', () => {
  test('before it published is published by the next, before that one begins', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    const first = makeFirstRun('a', 'a1');
    await expect(dead.commit(await dead.beginTerm(), [first])).rejects.toThrow('nobody there');

    const heir = rig.process();
    const term = await heir.beginTerm();
    expect(rig.published).toEqual(['a1']);
    await heir.commit(term, [makeNextRun(first, 'a2')]);
    expect(rig.published).toEqual(['a1', 'a2']);
    expect(await rig.kept()).toEqual([]);
  });

  test('after it published is published again under the same id', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('forget', 'lost before');
    await expect(dead.commit(await dead.beginTerm(), [makeFirstRun('a', 'a')])).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a', 'a']);
    expect(await rig.kept()).toEqual([]);
  });

  test('after it forgot is not published again', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('forget', 'lost after');
    await expect(dead.commit(await dead.beginTerm(), [makeFirstRun('a', 'a')])).rejects.toThrow();
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
        dead.commit(
          term,
          half.map((name) => makeFirstRun(name, name)),
        ),
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
    for (let i = 0; i < 3; i++) await expect(ledger.commit(term, changes)).rejects.toThrow();
    expect(await ledger.commit(term, changes)).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect(await ledger.commit(term, changes)).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
  });

  test.each(['lost before', 'lost after'] as const)(
    'does not publish what the broker has: to forget was %s',
    async (fate) => {
      const rig = new Rig();
      const ledger = rig.process();
      const term = await ledger.beginTerm();
      const changes = [makeFirstRun('a', 'a')];
      rig.next('forget', fate);
      await expect(ledger.commit(term, changes)).rejects.toThrow();
      expect(await ledger.commit(term, changes)).toEqual(COMMITTED);
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
      rig.next('keep', fate);
      await expect(ledger.commit(term, [makeFirstRun('a', 'a')])).rejects.toThrow();
      expect(await ledger.commit(term, [makeFirstRun('a', 'a')])).toEqual(COMMITTED);
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
    expect(await old.commit(term, [makeFirstRun('a')])).toEqual({ kind: 'superseded' });
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
    expect(await old.commit(term, [makeFirstRun('a', 'a')])).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'a']);
    expect((await old.commit(term, [makeFirstRun('b')])).kind).toBe('superseded');
  });

  test('during a drain ends it, and the newer drains', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    await expect(dead.commit(await dead.beginTerm(), [makeFirstRun('a', 'a')])).rejects.toThrow();
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
    await expect(dead.commit(await dead.beginTerm(), [makeFirstRun('a', 'a')])).rejects.toThrow();
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
    expect(await ledger.commit(term, [runOf('a', 'q'), lost, runOf('b', 'q')])).toEqual({
      kind: 'committed',
      refused: [{ message: lost.messages[0], reason: 'there is no such queue' }],
    });
    expect(await ledger.commit(term, [runOf('c', 'q')])).toEqual(COMMITTED);
    expect(rig.published).toEqual(['a', 'b', 'c']);
    expect(await rig.kept()).toEqual(['lost']);
  });

  test('is tried again after growing pauses, until it is taken', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    let tries = 0;
    rig.fateOf = (step) => (step === 'publish' ? () => void tries++ : undefined);
    await ledger.commit(await ledger.beginTerm(), [runOf('lost', 'nowhere')]);
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
    await ledger.commit(await ledger.beginTerm(), [runOf('lost', 'nowhere')]);
    rig.missing.clear();
    rig.next('forget', () => {}, 'lost before');
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
    await old.commit(await old.beginTerm(), [runOf('lost', 'nowhere')]);
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
    await ledger.commit(await ledger.beginTerm(), [runOf('lost', 'nowhere')]);
    await ledger.close();
    rig.missing.clear();
    rig.clock.advance(60_000);
    await settle();
    expect(rig.published).toEqual([]);
    expect(await rig.kept()).toEqual(['lost']);
  });
});
