import { describe, expect, test } from 'vitest';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import type { Message } from '../../../../src/celery/message/message.ts';
import { makeFirstRun, NEW_STATE, advanceState } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { settle } from '../../../support/settle.ts';
import { Rig } from './rig.ts';

/** A run whose queue does not exist until `rig.missing` is cleared. */
function rejectedRun(entry: string, headers: Readonly<Record<string, unknown>> = {}): Change {
  const message = makeMessage(entry, { queue: 'nowhere' });
  const messages = [{ ...message, headers: { ...message.headers, ...headers } }];
  return { entry, before: null, after: advanceState(NEW_STATE, entry), messages };
}

function rigWithoutQueue(): Rig {
  const rig = new Rig();
  rig.missing.add('nowhere');
  return rig;
}

async function pass(rig: Rig, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    rig.clock.advance(1_000);
    await settle();
  }
}

/** Counts the attempts: each begins with a removal of nothing, to check the term. */
function counter(rig: Rig): { count: number } {
  const counted = { count: 0 };
  rig.faultAt = (step) => {
    if (step === 'remove') counted.count++;
    return undefined;
  };
  return counted;
}

describe('outbox retry', () => {
  test.each(['publish', 'append'] as const)(
    'publishes the messages of a commit that is not repeated after its %s got no answer',
    async (step) => {
      const rig = new Rig();
      const ledger = rig.process();
      const term = await ledger.beginTerm();
      rig.next(step, step === 'append' ? 'lost after' : 'lost before');
      await expect(ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).rejects.toThrow(step);
      expect(rig.published).toEqual([]);
      await pass(rig, 2);
      expect(rig.published).toEqual(['a']);
      expect(await rig.pending()).toEqual([]);
    },
  );

  test('publishes the messages of a commit that is not repeated although the first retry fails too', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    rig.next('publish', 'lost before', 'lost before');
    await expect(ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] })).rejects.toThrow('publish');
    await pass(rig, 1);
    expect(rig.published).toEqual([]);
    await pass(rig, 2);
    expect(rig.published).toEqual(['a']);
    expect(await rig.pending()).toEqual([]);
  });

  test('removes within three minutes a message whose removal the store has lost', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const token = await ledger.beginTerm();
    rig.losesRemovals = true;
    await ledger.commit({ token, changes: [makeFirstRun('a', 'a')] });
    rig.losesRemovals = false;
    expect(await rig.pending()).toEqual(['a']);
    await pass(rig, 180);
    expect(await rig.pending()).toEqual([]);
    expect(new Set(rig.published)).toEqual(new Set(['a']));
  });

  test('makes no pass for messages of commits under way, nor for unreadable ones', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const token = await ledger.beginTerm();
    const damaged = { ...makeMessage('bad'), destination: {} } as Message;
    rig.next('publish', 'lost before');
    const change = { ...makeFirstRun('b', 'b'), messages: [damaged] };
    await ledger.commit({ token, changes: [change] }).catch(() => {});
    await pass(rig, 10);
    const removals = counter(rig);
    for (let i = 0; i < 4; i++) {
      // The outbox is checked between the append and its answer.
      rig.next('append', { after: () => pass(rig, 60) });
      await ledger.commit({ token, changes: [makeFirstRun(`e${i}`, `task ${i}`)] });
    }
    expect(removals.count).toBe(4);
    expect(rig.published).toEqual(['task 0', 'task 1', 'task 2', 'task 3']);
  });

  test('does not begin in a new term of the same process that has published what the last one left', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    rig.next('publish', 'lost before');
    const token = await ledger.beginTerm();
    await expect(ledger.commit({ token, changes: [makeFirstRun('a', 'a')] })).rejects.toThrow('publish');
    await ledger.beginTerm();
    expect(rig.published).toEqual(['a']);
    const steps: string[] = [];
    rig.faultAt = (step) => void steps.push(step);
    await pass(rig, 30);
    expect(steps).toEqual([]);
  });

  test('publishes all readable messages of the outbox; unreadable ones stay there and are named', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    rig.next('publish', 'lost before', 'lost before', 'lost before');
    const damaged = { ...makeMessage('bad'), destination: {} } as Message;
    const changes = ['a', 'b', 'c'].map((entry) => makeFirstRun(entry, entry));
    for (const change of changes) {
      const messages = change.entry === 'b' ? [damaged] : change.messages;
      await ledger.commit({ token: term, changes: [{ ...change, messages }] }).catch(() => {});
    }
    const next = rig.process();
    await next.beginTerm();
    expect(rig.published).toEqual(['a', 'c']);
    expect(rig.reports.filter((each) => each.startsWith('unreadable'))).toEqual([
      expect.stringMatching(/^unreadable 1: \d+ b /),
    ]);
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a', 'c']);
    expect(rig.reports.filter((each) => each.startsWith('unreadable'))).toHaveLength(2);
  });

  test('names five of the messages that cannot be read, and counts all', async () => {
    const rig = new Rig();
    const dead = rig.process();
    const term = await dead.beginTerm();
    rig.faultAt = (step) => (step === 'publish' ? 'lost before' : undefined);
    const damaged = { ...makeMessage('bad'), destination: {} } as Message;
    // Four on the first page of the outbox, and four on the second.
    const changes = Array.from({ length: 600 }, (_, i) => {
      const change = makeFirstRun(`e${i}`, `e${i}`);
      return i < 4 || i >= 596 ? { ...change, messages: [damaged] } : change;
    });
    await expect(dead.commit({ token: term, changes })).rejects.toThrow();
    rig.faultAt = () => undefined;
    let unreadable: readonly unknown[] = [];
    rig.onUnreadable = (count, first) => (unreadable = [count, ...first.map(({ id }) => id.split(' ')[1])]);
    await rig.process().beginTerm();
    expect(unreadable).toEqual([8, 'e0', 'e1', 'e2', 'e3', 'e596']);
  });

  test('does not publish messages that a commit has appended and is about to publish', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [rejectedRun('rejected')] });
    // The retry begins and ends between the two steps of the commit.
    rig.next('append', { after: () => pass(rig, 1) });
    await ledger.commit({ token: term, changes: [makeFirstRun('fresh', 'fresh')] });
    expect(rig.published).toEqual(['fresh']);
    expect(await rig.pending()).toEqual(['rejected']);
  });

  test('of an older term publishes nothing while the message is still in the outbox', async () => {
    const rig = rigWithoutQueue();
    const old = rig.process();
    await old.commit({ token: await old.beginTerm(), changes: [rejectedRun('rejected')] });
    const heir = rig.process();
    await heir.beginTerm();
    await heir.close();
    rig.missing.clear();
    await pass(rig, 60);
    expect(rig.published).toEqual([]);
    expect(await rig.pending()).toEqual(['rejected']);
  });

  test('of an older term ends when a newer one has begun', async () => {
    const rig = rigWithoutQueue();
    const old = rig.process();
    await old.commit({ token: await old.beginTerm(), changes: [rejectedRun('rejected')] });
    const heir = rig.process();
    await heir.beginTerm();
    await heir.close();
    const looks = counter(rig);
    await pass(rig, 3_600);
    expect(looks.count).toBe(1);
  });

  test('of an older term of the same process ends when the next term begins', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [rejectedRun('rejected')] });
    await ledger.beginTerm();
    const looks = counter(rig);
    await pass(rig, 1);
    expect(looks.count).toBe(1);
  });

  test('of an older term ends when a newer one begins while it removes late messages', async () => {
    const rig = rigWithoutQueue();
    const old = rig.process();
    await old.commit({ token: await old.beginTerm(), changes: [rejectedRun('rejected')] });
    rig.policies.set('rejected', { startingDeadline: 1 });
    // The first removal checks the term.
    rig.next(
      'remove',
      () => {},
      async () => {
        const heir = rig.process();
        await heir.beginTerm();
        await heir.close();
      },
    );
    await pass(rig, 1);
    expect(await rig.pending()).toEqual([]);
    const looks = counter(rig);
    await pass(rig, 60);
    expect(looks.count).toBe(0);
  });

  test('begins again, with the first pause, after a second rejection within one term', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [rejectedRun('first')] });
    await pass(rig, 10);
    rig.missing.clear();
    await pass(rig, 60);
    expect(rig.published).toEqual(['first']);

    rig.missing.add('nowhere');
    await ledger.commit({ token: term, changes: [rejectedRun('second')] });
    rig.missing.clear();
    await pass(rig, 1);
    expect(rig.published).toEqual(['first', 'second']);
    expect(await rig.pending()).toEqual([]);
  });

  test('publishes each of many rejected messages once', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: ['a', 'b', 'c'].map((entry) => rejectedRun(entry)) });
    let publications = 0;
    rig.faultAt = (step) => {
      if (step === 'publish') publications += 1;
      return undefined;
    };
    await pass(rig, 1);
    expect(publications).toBe(1);
    await rig.process().beginTerm();
    expect(publications).toBe(2);
  });

  test('begins in a new term of the same process although the previous one hangs', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [rejectedRun('old')] });
    rig.next('publish', () => new Promise<void>(() => {}));
    await pass(rig, 1);
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [rejectedRun('new')] });
    rig.missing.clear();
    await pass(rig, 2);
    expect(rig.published.toSorted()).toEqual(['new', 'old']);
    expect(await rig.pending()).toEqual([]);
  });

  test('covers all rejected messages of a term', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [rejectedRun('a')] });
    await ledger.commit({ token: term, changes: [rejectedRun('b')] });
    const looks = counter(rig);
    await pass(rig, 1);
    expect(looks.count).toBe(1);
  });

  test('pauses for 1, 2, 4 seconds and so on, for at most one minute', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [rejectedRun('rejected')] });
    const began = rig.clock.now();
    const seconds: number[] = [];
    rig.faultAt = (step) => {
      if (step === 'publish') seconds.push((rig.clock.now() - began) / 1000);
      return undefined;
    };
    await pass(rig, 250);
    expect(seconds).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  test('continues after the outbox or the broker was unreachable', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [rejectedRun('rejected')] });
    rig.missing.clear();
    rig.next('pending', 'lost before');
    rig.next('publish', 'lost before');
    await pass(rig, 7);
    expect(rig.published).toEqual(['rejected']);
    expect(await rig.pending()).toEqual([]);
  });
});

describe('an expired message in the outbox', () => {
  const inTheFuture = (rig: Rig, seconds: number) => new Date(rig.clock.now() + seconds * 1_000).toISOString();

  test('is not published by a retry, and is reported once', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [rejectedRun('expired', { expires: inTheFuture(rig, 2) })] });
    rig.missing.clear();
    rig.clock.advance(2_000);
    await settle();
    expect(rig.published).toEqual([]);
    await pass(rig, 60);
    expect(rig.published).toEqual([]);
    expect(rig.reports.filter((line) => !line.startsWith('waiting'))).toEqual(['expired expired']);
    expect(rig.reports.at(-1)).toBe('waiting 0');
    expect(await rig.pending()).toEqual([]);
  });

  test('is not published by the next term, unlike a message that has not expired', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    const expires = inTheFuture(rig, 60);
    const commit = dead.commit({
      token: await dead.beginTerm(),
      changes: [rejectedRun('expired', { expires }), rejectedRun('valid', { expires: inTheFuture(rig, 61) })],
    });
    await expect(commit).rejects.toThrow();
    rig.clock.advance(60_000);
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['valid']);
    expect(rig.reports).toEqual(expect.arrayContaining(['expired expired', 'delivered valid']));
    expect(await rig.pending()).toEqual([]);
  });

  test('is not reported as expired when the broker accepted it before', async () => {
    const rig = rigWithoutQueue();
    const ledger = rig.process();
    const expires = inTheFuture(rig, 2);
    await ledger.commit({ token: await ledger.beginTerm(), changes: [rejectedRun('accepted', { expires })] });
    rig.missing.clear();
    // The first retry publishes the message, and fails to remove it.
    rig.next('remove', () => {}, 'lost before');
    await pass(rig, 10);
    expect(rig.published).toEqual(['accepted']);
    expect(rig.reports).not.toContain('expired accepted');
    expect(await rig.pending()).toEqual([]);
  });

  test('expires at its instant with any offset, and never without an offset', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    const commit = dead.commit({
      token: await dead.beginTerm(),
      changes: [
        rejectedRun('local', { expires: '2027-01-01T00:00:00' }),
        rejectedRun('offset', { expires: '2027-03-01T13:30:00+02:00' }),
        rejectedRun('no-colon', { expires: '2027-03-01T13:30:00+0200' }),
      ],
    });
    await expect(commit).rejects.toThrow();
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['local']);
  });
});
