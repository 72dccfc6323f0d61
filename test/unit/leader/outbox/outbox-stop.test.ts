import { describe, expect, test } from 'vitest';
import type { Change } from '../../../../src/contracts/store/commit.ts';
import { makeFirstRun, NEW_STATE, advanceState } from '../../../support/change.ts';
import { makeMessage } from '../../../support/message.ts';
import { settle } from '../../../support/settle.ts';
import { OutboxLedger } from '../../../../src/leader/outbox/outbox-ledger.ts';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { openMemoryStore } from '../../../../src/drivers/memory/store.ts';
import { storeOptions } from '../../../contract/test-store.ts';
import { Rig } from './rig.ts';

const never = () => new Promise<void>(() => {});

/** The state of a promise, as text. */
async function soFar(promise: Promise<unknown>): Promise<string> {
  await settle();
  const ended = promise.then(
    (value) => JSON.stringify(value),
    (error: unknown) => (error as Error).message,
  );
  return Promise.race([ended, settle().then(() => 'under way')]);
}

test('closing an outbox ledger ends when its outbox and its broker are closed', async () => {
  const [outbox, broker] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const store = openMemoryStore(storeOptions('memory://closing'));
  const clock = new ManualClock('2027-03-01T12:00:00Z');
  const both = {
    outbox: Object.assign(store.ledger, { close: () => outbox.promise }),
    broker: Object.assign(store.broker, { close: () => broker.promise }),
  };
  const ledger = new OutboxLedger({ ...both, clock });
  const closing = ledger.close();
  outbox.resolve(undefined);
  expect(await soFar(closing)).toBe('under way');
  broker.reject(new Error('the broker broke off'));
  expect(await soFar(closing)).toBe('the broker broke off');
});

describe('a stop', () => {
  test('ends a commit to a frozen broker; the next term publishes its messages', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const stop = new AbortController();
    rig.next('publish', never);
    const commit = ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] }, stop.signal);
    rig.clock.advance(60_000);
    expect(await soFar(commit)).toBe('under way');
    stop.abort();
    await settle();
    rig.clock.advance(1_000);
    expect(await soFar(commit)).toMatch('stopped before the answer arrived');
    expect(await rig.pending()).toEqual(['a']);
    await rig.process().beginTerm();
    expect(rig.published).toEqual(['a']);
  });

  test('gives a slow broker time to answer', async () => {
    const rig = new Rig();
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    const stop = new AbortController();
    const answer = Promise.withResolvers<undefined>();
    rig.next('publish', () => answer.promise);
    const commit = ledger.commit({ token: term, changes: [makeFirstRun('a', 'a')] }, stop.signal);
    stop.abort();
    await settle();
    rig.clock.advance(900);
    answer.resolve(undefined);
    expect(await soFar(commit)).toBe('{"kind":"committed"}');
    expect(await rig.pending()).toEqual([]);
  });

  test('ends the beginning of a term between two pages of messages, also if a page hangs', async () => {
    const rig = new Rig();
    const dead = rig.process();
    const names = Array.from({ length: 1_200 }, (_, i) => `e${String(i).padStart(4, '0')}`);
    const changes = names.map((name) => makeFirstRun(name, name));
    rig.next('publish', 'lost before');
    await expect(dead.commit({ token: await dead.beginTerm(), changes })).rejects.toThrow();

    const stop = new AbortController();
    rig.progress = 0;
    rig.next('publish', () => {
      stop.abort();
    });
    await rig.process().beginTerm(stop.signal);
    expect(rig.published).toHaveLength(500);
    expect(rig.progress).toBe(1);

    const another = new AbortController();
    rig.next('publish', never);
    const beginning = rig.process().beginTerm(another.signal);
    expect(await soFar(beginning)).toBe('under way');
    another.abort();
    await settle();
    rig.clock.advance(1_000);
    expect(await soFar(beginning)).toMatch('stopped');

    await rig.process().beginTerm();
    expect(rig.published).toEqual(names);
  });
});

describe('the relay reports of delayed messages', () => {
  const runOf = (entry: string, queue: string, expires?: string): Change => {
    const message = makeMessage(entry, { queue });
    const headers = { ...message.headers, ...(expires !== undefined && { expires }) };
    const record = advanceState(NEW_STATE, entry);
    return { entry, before: null, after: record, messages: [{ ...message, headers }] };
  };
  const pass = async (rig: Rig, seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      rig.clock.advance(1_000);
      await settle();
    }
  };

  test('how many there are, and when they are published', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    const term = await ledger.beginTerm();
    await ledger.commit({ token: term, changes: [runOf('a', 'nowhere'), runOf('b', 'there')] });
    await ledger.commit({ token: term, changes: [runOf('c', 'nowhere')] });
    expect(rig.reports).toEqual(['waiting 0', 'waiting 1', 'waiting 2']);
    await ledger.commit({ token: term, changes: [runOf('d', 'there')] });
    expect(rig.reports).toHaveLength(3);
    rig.missing.clear();
    await pass(rig, 2);
    expect(rig.reports.slice(3)).toEqual(['delivered a', 'delivered c', 'waiting 0']);
  });

  test('when a new term publishes those of an earlier one', async () => {
    const rig = new Rig();
    const dead = rig.process();
    rig.next('publish', 'lost before');
    await expect(dead.commit({ token: await dead.beginTerm(), changes: [runOf('a', 'q')] })).rejects.toThrow();
    expect(rig.reports).toEqual(['waiting 0']);
    await rig.process().beginTerm();
    expect(rig.reports).toEqual(['waiting 0', 'delivered a', 'waiting 0']);
    expect(rig.published).toEqual(['a']);
  });

  test('as the newest term of the process knows them, also if an attempt of the last term ends later', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    await ledger.commit({ token: await ledger.beginTerm(), changes: [runOf('a', 'nowhere')] });
    rig.next('publish', async () => {
      rig.missing.clear();
      await ledger.beginTerm();
      rig.missing.add('nowhere');
    });
    await pass(rig, 1);
    expect(rig.published).toEqual(['a']);
    expect(rig.reports.at(-1)).toBe('waiting 0');
  });

  test('of a workflow whose messages expire one after the other: the run is withdrawn with the last of them', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    const workflow = { taskId: 'group', messages: 2 };
    const messages = [5, 20].map((seconds) => {
      const expires = new Date(rig.clock.now() + seconds * 1_000).toISOString();
      const [message] = runOf(`after ${seconds}`, 'nowhere', expires).messages;
      const run = { entry: 'e', dueAt: rig.clock.now(), cause: 'schedule', workflow } as const;
      return { ...message!, run };
    });
    const change = { entry: 'e', before: null, after: NEW_STATE, messages };
    await ledger.commit({ token: await ledger.beginTerm(), changes: [change] });
    await pass(rig, 10);
    expect([await rig.pending(), rig.withdrawn]).toEqual([['after 20'], []]);
    await pass(rig, 30);
    expect([await rig.pending(), rig.withdrawn]).toEqual([[], ['expired group']]);
  });

  test('when they expire, and removes them because no worker would run them', async () => {
    const rig = new Rig();
    rig.missing.add('nowhere');
    const ledger = rig.process();
    const soon = new Date(rig.clock.now() + 5_000).toISOString();
    const late = new Date(rig.clock.now() + 86_400_000).toISOString();
    await ledger.commit({
      token: await ledger.beginTerm(),
      changes: [runOf('a', 'nowhere', soon), runOf('b', 'nowhere', late), runOf('c', 'nowhere', 'whenever')],
    });
    await pass(rig, 20);
    expect(rig.reports).toEqual(expect.arrayContaining(['waiting 3', 'expired a', 'waiting 2']));
    expect(await rig.pending()).toEqual(['b', 'c']);
    rig.missing.clear();
    await pass(rig, 20);
    expect(rig.published).toEqual(['b', 'c']);
  });
});
