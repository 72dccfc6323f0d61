import { describe, expect, test } from 'vitest';
import { globPattern } from '../../../src/routing/glob.ts';
import { Queues } from '../../../src/routing/queues.ts';
import { DEFAULT_ROUTES, Router } from '../../../src/routing/router.ts';
import { routeTable, type Route } from '../../../src/routing/routes.ts';

describe('a glob', () => {
  // Python's fnmatch says the same of each.
  test.each([
    [
      'feeds.*',
      ['feeds.import', 'feeds.', 'feeds.a.b', 'feeds.line\nbreak'],
      ['feeds', 'xfeeds.a'],
    ],
    ['*', ['', 'anything'], []],
    ['q?.*', ['qa.x', 'q🥬.x'], ['q.x', 'qab.x']],
    ['[ab].*', ['a.x', 'b.'], ['c.x', '[ab].x']],
    ['[!ab].*', ['c.x', '!.x'], ['a.x', 'b.x']],
    ['[a-c]*', ['a', 'bz'], ['d', '-']],
    ['[c-a]*', [], ['a', 'c', '-']],
    ['[!c-a]*', ['a', 'zz'], ['']],
    ['[]]*', [']', ']x'], ['x', '[]]']],
    ['[a-]*', ['a', '-x'], ['b']],
    ['[*', ['[', '[x'], ['x']],
    ['a.b(c)|d+*', ['a.b(c)|d+', 'a.b(c)|d+e'], ['axb(c)|d+', 'a.bc', 'd']],
    [String.raw`\d*`, [String.raw`\d5`], ['5', 'd']],
    ['[\\w^]*', ['\\', 'w', '^'], ['x', 'd']],
  ])('%j matches as in Python', (glob, matching, others) => {
    const pattern = globPattern(glob);
    expect([...matching, ...others].filter((name) => pattern.test(name))).toEqual(matching);
  });
});

describe('a table of routes', () => {
  const found = (route: Route, task: string) => route(task, [], {}, {});

  test('knows a name itself before any pattern, and patterns in their order', () => {
    const route = routeTable([
      ['web.*', { queue: 'glob' }],
      [/web\.f/, { queue: 'expression' }],
      ['web.fetch', { queue: 'name' }],
    ]);
    expect(found(route, 'web.fetch')).toEqual({ queue: 'name' });
    expect(found(route, 'web.find')).toEqual({ queue: 'glob' });
    expect(found(route, 'feeds.x')).toBeNull();
  });

  test('takes a name for a glob only when it holds a star', () => {
    const route = routeTable([['x?', { queue: 'exact' }]]);
    expect(found(route, 'x?')).toEqual({ queue: 'exact' });
    expect(found(route, 'xy')).toBeNull();
  });

  test('matches expressions from the beginning of the name, to wherever they end, every time', () => {
    const route = routeTable([[/feeds\.|slow/gi, { queue: 'q' }]]);
    for (const task of ['feeds.import', 'Feeds.x', 'feeds.import', 'slowly']) {
      expect(found(route, task)).toEqual({ queue: 'q' });
    }
    expect(found(route, 'my.feeds.x')).toBeNull();
  });
});

describe('the router', () => {
  const routerOf = (...routes: Route[]) => new Router(new Queues(), { ...DEFAULT_ROUTES, routes });

  test('asks in order, stops at the first that knows the task, and mixes no two', () => {
    const asked: string[] = [];
    const route = (name: string, answer: ReturnType<Route>): Route => {
      return () => {
        asked.push(name);
        return answer;
      };
    };
    const router = routerOf(
      route('one', null),
      route('two', { queue: 'q' }),
      route('three', { priority: 5 }),
    );
    const { options } = router.route('t', [], {}, {});
    expect(asked).toEqual(['one', 'two']);
    expect(options).toEqual({ queue: 'q', deliveryMode: 2 });
  });

  test('tells functions all of the task, under the name that routes know it by', () => {
    const calls: unknown[][] = [];
    const router = routerOf((...call) => {
      calls.push(call);
      return null;
    });
    const options = { routeName: 'known.as', priority: 3 };
    router.route('t', [1], { a: 2 }, options);
    expect(calls).toEqual([['known.as', [1], { a: 2 }, options]]);
  });

  test('lets the options of the task win, each by itself; what they leave undefined they do not say', () => {
    const router = routerOf(() => ({
      queue: 'q',
      priority: 3,
      deliveryMode: 1,
      headers: { a: 1 },
    }));
    const { destination, options } = router.route('t', [], {}, { priority: 7, queue: undefined });
    expect(destination.routingKey).toBe('q');
    expect(options).toEqual({ queue: 'q', priority: 7, deliveryMode: 1, headers: { a: 1 } });
  });

  test('adds what is configured for all, where neither says it', () => {
    const rules = { ...DEFAULT_ROUTES, priority: 4, deliveryMode: 1, ignoreResult: true } as const;
    const router = new Router(new Queues(), rules);
    expect(router.route('t', [], {}, {}).options).toEqual({
      ...{ priority: 4, deliveryMode: 1, ignoreResult: true },
    });
    const own = { priority: 0, deliveryMode: 2, ignoreResult: false } as const;
    expect(router.route('t', [], {}, own).options).toEqual(own);
  });

  test('lets what a function throws through', () => {
    const router = routerOf(() => {
      throw new Error('no such region');
    });
    expect(() => router.route('t', [], {}, {})).toThrow('no such region');
  });
});
