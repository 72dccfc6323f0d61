import { describe, expect, test } from 'vitest';
import { createExchange, createQueue } from '../../../../src/celery/routing/queue.ts';
import { DEFAULT_RULES, Queues } from '../../../../src/celery/routing/queues.ts';
import { DEFAULT_ROUTES, Router } from '../../../../src/celery/routing/router.ts';
import type { Route } from '../../../../src/celery/routing/routes.ts';

describe('a router', () => {
  test('with one route resolves each task separately, also if entries share an options object', () => {
    const route: Route = (task) => (task === 'a' ? { queue: 'of-a' } : null);
    const router = new Router(new Queues(), { ...DEFAULT_ROUTES, routes: [route] });
    const none = {};
    const queueOfTask = (task: string) => router.route(task, [], {}, none).destination.routingKey;
    expect(['a', 'b', 'a'].map(queueOfTask)).toEqual(['of-a', 'celery', 'of-a']);
  });
});

describe('the exchange of a name', () => {
  test('is that of a configured queue, the default one, or none', () => {
    const events = createExchange('events', 'topic');
    const queues = new Queues({ ...DEFAULT_RULES, configured: [createQueue('q', events, 'a.#')] });
    expect(queues.exchange('events')).toBe(events);
    expect(queues.exchange('celery')).toBe(DEFAULT_RULES.defaultExchange);
    expect(queues.exchange('other')).toBeNull();
  });
});

test('router: an exchange may be addressed by name only if it is not direct', () => {
  const events = createExchange('events', 'topic');
  const described = [createQueue('celery', createExchange('celery', 'direct'), 'celery')];
  const queues = new Queues({
    ...DEFAULT_RULES,
    configured: [...described, createQueue('q', events, 'a.#')],
  });
  const { destination } = new Router(queues).route('t', [], {}, { exchange: 'events' });
  expect(destination).toEqual({
    ...{ queue: null, exchange: 'events', exchangeType: 'topic', routingKey: '' },
  });
});
