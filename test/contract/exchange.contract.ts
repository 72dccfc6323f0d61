import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../src/contracts/store/commit.ts';
import type { Destination } from '../../src/celery/message/destination.ts';
import type { Store } from '../../src/contracts/store/store.ts';
import { makeFirstRun, NEW_STATE, advanceState } from '../support/change.ts';
import { makeBoundQueue, configureQueues, toExchange } from '../support/exchanges.ts';
import { makeMessage } from '../support/message.ts';
import type { TestStore } from './test-store.ts';

const QUEUES = configureQueues(
  makeBoundQueue('one', 'jobs', 'direct', 'work'),
  makeBoundQueue('two', 'jobs', 'direct', 'work'),
  makeBoundQueue('three', 'jobs', 'direct', 'other'),
  makeBoundQueue('all', 'news', 'topic', 'news.#'),
  makeBoundQueue('sport', 'news', 'topic', '*.sport'),
);

/** What a commit and a broker do about exchanges that the configuration describes. */
export function exchangeContract(name: string, openTestStore: () => Promise<TestStore>): void {
  describe(`exchanges: ${name}`, () => {
    let testStore: TestStore;
    let store: Store;
    let term: number;

    const runTo = (entry: string, destination: Destination): Change => ({
      entry,
      before: null,
      after: advanceState(NEW_STATE, entry),
      messages: [makeMessage(entry, { destination })],
    });
    const queued = async () => {
      const found: Record<string, string[]> = {};
      for (const queue of ['one', 'two', 'three', 'all', 'sport', 'celery']) {
        const ids = (await testStore.queued(queue)).map(({ taskId }) => taskId);
        if (ids.length > 0) found[queue] = ids;
      }
      return found;
    };

    beforeEach(async () => {
      testStore = await openTestStore();
      store = await testStore.open({ queues: QUEUES });
      term = await store.ledger.beginTerm();
    });
    afterEach(() => testStore.close());

    test('a direct exchange routes a message to every queue that is bound by its key', async () => {
      const changes = [runTo('a', toExchange('jobs', 'direct', 'work'))];
      expect(await store.ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });
      expect(await queued()).toEqual({ one: ['a'], two: ['a'] });
    });

    test('a topic exchange routes by patterns of words', async () => {
      const changes = [
        runTo('a', toExchange('news', 'topic', 'news.sport')),
        runTo('b', toExchange('news', 'topic', 'news.world.north')),
        runTo('c', toExchange('news', 'topic', 'news')),
      ];
      expect(await store.ledger.commit({ token: term, changes })).toEqual({ kind: 'committed' });
      expect(await queued()).toEqual({ all: ['a', 'b', 'c'], sport: ['a'] });
    });

    test('a commit with an unroutable message is rejected as a whole', async () => {
      const lost = runTo('lost', toExchange('jobs', 'direct', 'nothing'));
      const outcome = await store.ledger.commit({ token: term, changes: [makeFirstRun('fine'), lost] });
      expect(outcome).toEqual({
        kind: 'store-rejected',
        reason: expect.stringMatching(/exchange "jobs" \(routing key "nothing"\)/) as unknown,
      });
      expect(await queued()).toEqual({});
      expect(await store.ledger.load()).toEqual(new Map());
      expect(await store.ledger.commit({ token: term, changes: [makeFirstRun('fine')] })).toEqual({
        kind: 'committed',
      });
      expect(await queued()).toEqual({ celery: ['task-fine'] });
    });

    test('a commit of an old term is fenced before its messages are checked', async () => {
      const newer = await store.ledger.beginTerm();
      const lost = runTo('lost', toExchange('jobs', 'direct', 'nothing'));
      expect(await store.ledger.commit({ token: term, changes: [lost] })).toEqual({ kind: 'fenced' });
      expect(await store.ledger.commit({ token: newer, changes: [lost] })).toMatchObject({ kind: 'store-rejected' });
    });

    test('a repeated commit succeeds although its message has become unroutable', async () => {
      const changes = [runTo('a', toExchange('jobs', 'direct', 'work'))];
      const commands = [{ key: '1', id: 'id-1', audit: '{}' }];
      await store.ledger.commit({ token: term, changes, commands });
      const forgetful = await testStore.open({ queues: configureQueues(makeBoundQueue('x', 'x', 'direct', 'x')) });
      await testStore.forgetBindings?.();
      expect(await forgetful.ledger.commit({ token: term, changes, commands })).toEqual({ kind: 'committed' });
      const other = [{ key: '2', id: 'id-2', audit: '{}' }];
      expect(await forgetful.ledger.commit({ token: term, changes, commands: other })).toMatchObject({
        kind: 'conflict',
      });
      expect(await queued()).toEqual({ one: ['a'], two: ['a'] });
    });

    test('a broker rejects unroutable messages and publishes the others', async () => {
      const lost = makeMessage('lost', { destination: toExchange('news', 'topic', 'weather') });
      const fine = makeMessage('fine', { destination: toExchange('jobs', 'direct', 'other') });
      const rejected = await store.broker.publish([lost, fine]);
      expect(rejected.map(({ message }) => message)).toEqual([lost]);
      expect(await queued()).toEqual({ three: ['fine'] });
    });
  });
}
