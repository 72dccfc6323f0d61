import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/drivers/memory/clock.ts';
import { Broadcasts } from '../../../../src/drivers/redis/broadcasts.ts';
import { createQueue, createExchange } from '../../../../src/routing/queue.ts';
import { Queues } from '../../../../src/routing/queues.ts';
import { configureQueues } from '../../../support/exchanges.ts';

const SEP = '\x06\x16';
const BROADCAST = ['', '', 'bcast.1b4e28ba-2fa1-41d2-883f-0016d3cca427'].join(SEP);
const PLAIN = ['news', '', 'news'].join(SEP);

const clock = () => new ManualClock('2027-03-01T12:00:00Z');

test('redis broadcasts: a queue is looked up again a minute after the last look, not before', () => {
  const time = clock();
  const broadcasts = new Broadcasts(new Queues(), time, SEP);
  expect(broadcasts.unknown(['news', 'celery'])).toEqual(['news', 'celery']);
  broadcasts.found('news', [PLAIN]);
  expect(broadcasts.unknown(['news', 'celery'])).toEqual(['celery']);
  time.advance(59_999);
  expect(broadcasts.unknown(['news'])).toEqual([]);
  time.advance(1);
  expect(broadcasts.unknown(['news'])).toEqual(['news']);
});

test('redis broadcasts: a queue is one when any worker has bound it so, and no longer when none has', () => {
  const broadcasts = new Broadcasts(new Queues(), clock(), SEP);
  expect(broadcasts.membersOf('news')).toBeNull();
  broadcasts.found('news', [PLAIN, BROADCAST]);
  expect(broadcasts.membersOf('news')).toEqual([PLAIN, BROADCAST]);
  broadcasts.found('news', [PLAIN]);
  expect(broadcasts.membersOf('news')).toBeNull();
});

test('redis broadcasts: a queue that the configuration describes is never looked up', () => {
  const queue = createQueue('news', createExchange('news', 'direct'), 'news');
  const broadcasts = new Broadcasts(configureQueues(queue), clock(), SEP);
  expect(broadcasts.unknown(['news', 'other'])).toEqual(['other']);
});

test('redis broadcasts: 5,000 queues are remembered; one more makes it forget the others', () => {
  const broadcasts = new Broadcasts(new Queues(), clock(), SEP);
  const names = Array.from({ length: 5_000 }, (_, i) => `queue-${i}`);
  for (const name of names) broadcasts.found(name, []);
  // A second look at one that is known makes none of the others unknown.
  broadcasts.found('queue-0', [BROADCAST]);
  expect(broadcasts.unknown(names)).toEqual([]);
  broadcasts.found('one more', [BROADCAST]);
  expect(broadcasts.unknown(names)).toEqual(names);
  expect(broadcasts.membersOf('one more')).toEqual([BROADCAST]);
});
