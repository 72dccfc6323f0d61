import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { createBroadcasts } from '../../../../src/drivers/redis/broadcasts.ts';
import { createQueue, createExchange } from '../../../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../../../src/celery/routing/queues.ts';
import { configureQueues } from '../../../support/exchanges.ts';

const SEP = '\x06\x16';
const BROADCAST = ['', '', 'bcast.1b4e28ba-2fa1-41d2-883f-0016d3cca427'].join(SEP);
const PLAIN = ['news', '', 'news'].join(SEP);

const clock = () => new ManualClock('2027-03-01T12:00:00Z');

test('redis broadcasts: a queue is looked up again one minute after its last lookup', () => {
  const time = clock();
  const broadcasts = createBroadcasts(new Queues(), time, SEP);
  expect(broadcasts.needLookup(['news', 'celery'])).toEqual(['news', 'celery']);
  broadcasts.update('news', [PLAIN]);
  expect(broadcasts.needLookup(['news', 'celery'])).toEqual(['celery']);
  time.advance(59_999);
  expect(broadcasts.needLookup(['news'])).toEqual([]);
  time.advance(1);
  expect(broadcasts.needLookup(['news'])).toEqual(['news']);
});

test('redis broadcasts: a queue is a broadcast while at least one worker has bound it as one', () => {
  const broadcasts = createBroadcasts(new Queues(), clock(), SEP);
  expect(broadcasts.findMembers('news')).toBeNull();
  broadcasts.update('news', [PLAIN, BROADCAST]);
  expect(broadcasts.findMembers('news')).toEqual([PLAIN, BROADCAST]);
  broadcasts.update('news', [PLAIN]);
  expect(broadcasts.findMembers('news')).toBeNull();
});

test('redis broadcasts: a queue of the configuration is never looked up', () => {
  const queue = createQueue('news', createExchange('news', 'direct'), 'news');
  const broadcasts = createBroadcasts(configureQueues(queue), clock(), SEP);
  expect(broadcasts.needLookup(['news', 'other'])).toEqual(['other']);
});

test('redis broadcasts: a queue that a reload adds to the configuration is a broadcast no longer', () => {
  const queues = new Queues();
  const broadcasts = createBroadcasts(queues, clock(), SEP);
  broadcasts.update('news', [BROADCAST]);
  const configured = [createQueue('news', createExchange('news', 'direct'), 'news')];
  queues.replace({ ...DEFAULT_RULES, configured });
  expect(broadcasts.findMembers('news')).toBeNull();
  expect(broadcasts.needLookup(['news'])).toEqual([]);
});

test('redis broadcasts: the cache holds 5,000 queues, and is emptied when one more is added', () => {
  const broadcasts = createBroadcasts(new Queues(), clock(), SEP);
  const names = Array.from({ length: 5_000 }, (_, i) => `queue-${i}`);
  for (const name of names) broadcasts.update(name, []);
  // An update of a known queue does not empty the cache.
  broadcasts.update('queue-0', [BROADCAST]);
  expect(broadcasts.needLookup(names)).toEqual([]);
  broadcasts.update('one more', [BROADCAST]);
  expect(broadcasts.needLookup(names)).toEqual(names);
  expect(broadcasts.findMembers('one more')).toEqual([BROADCAST]);
});
