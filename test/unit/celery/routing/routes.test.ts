import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob } from '../../../../src/celery/routing/glob.ts';
import { createExchange, createQueue } from '../../../../src/celery/routing/queue.ts';
import { Queues, DEFAULT_RULES } from '../../../../src/celery/routing/queues.ts';
import { DEFAULT_ROUTES, Router } from '../../../../src/celery/routing/router.ts';
import { compileRoutes, indexPatterns, type Route } from '../../../../src/celery/routing/routes.ts';

describe('a glob', () => {
  // Python's fnmatch says the same of each.
  test.each([
    ['feeds.*', ['feeds.import', 'feeds.', 'feeds.a.b', 'feeds.line\nbreak'], ['feeds', 'xfeeds.a']],
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
    ['my-app.*', ['my-app.tasks'], ['my_app.tasks', 'my']],
    ['*.re-index', ['search.re-index'], ['re-index', 'search.reindex']],
    ['[a-c-e]*', ['b', '-', 'e'], ['d']],
    ['[!-a]*', ['b'], ['-', 'a']],
    ['[--a]*', ['-', 'A', 'a'], ['b']],
    ['a*b*c', ['abc', 'a-b-b-c', 'abcbc'], ['acb', 'ab', 'abca']],
    ['a*a', ['aa', 'aba'], ['a', 'ab']],
    ['*?🥬', ['x🥬', '🥬🥬'], ['🥬']],
  ])('%j matches as in Python', (glob, matching, others) => {
    const pattern = compileGlob(glob);
    expect([...matching, ...others].filter((name) => pattern.test(name))).toEqual(matching);
  });
});

const routerOf = (...routes: Route[]) => new Router(new Queues(), { ...DEFAULT_ROUTES, routes });

test("glob: matches the names that Celery's own routes match", () => {
  const file = new URL('../../../conformance/globs.jsonl', import.meta.url);
  const recorded = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(recorded.length).toBeGreaterThanOrEqual(1_500);
  for (const line of recorded) {
    const { glob, matches, others } = JSON.parse(line) as Recorded;
    const pattern = compileGlob(glob);
    const found = [...matches, ...others].filter((name) => pattern.test(name));
    expect(found, glob).toEqual(matches);
  }
});

interface Recorded {
  readonly glob: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

test.each([
  ['*a*a*a*a*a*a*a*a*b', 'a'.repeat(100_000)],
  [`${'*?'.repeat(50)}*x`, 'a'.repeat(10_000)],
  ['['.repeat(100_000), '['],
  [`*${'[z-a]'.repeat(20_000)}`, 'a'.repeat(100_000)],
])('glob: many stars match a long name without backtracking: %.20s', (glob, name) => {
  expect(compileGlob(glob).test(name)).toBe(false);
});

describe('a table of routes', () => {
  const found = (route: Route, task: string) => route(task, [], {}, {});

  test('prefers an exact name over patterns, and tries patterns in order', () => {
    const route = compileRoutes([
      [
        ['web.*', { queue: 'glob' }],
        [/web\.f/, { queue: 'expression' }],
        ['web.fetch', { queue: 'name' }],
      ],
    ]);
    expect(found(route, 'web.fetch')).toEqual({ queue: 'name' });
    expect(found(route, 'web.find')).toEqual({ queue: 'glob' });
    expect(found(route, 'feeds.x')).toBeNull();
  });

  test('has precedence over later tables, although all are searched together', () => {
    const route = compileRoutes([
      [['web.x', { queue: 'name in the first' }]],
      [['web.*', { queue: 'glob in the second' }]],
      [
        ['web.x', { queue: 'never' }],
        ['web.y', { queue: 'never' }],
        ['*', { queue: 'glob in the third' }],
        ['z', { queue: 'name in the third' }],
      ],
    ]);
    const queues = ['web.x', 'web.y', 'feeds', 'z'].map((task) => found(route, task)?.queue);
    expect(queues).toEqual(['name in the first', 'glob in the second', 'glob in the third', 'name in the third']);
  });

  test('treats a name as a glob only if it contains a star', () => {
    const route = compileRoutes([[['x?', { queue: 'exact' }]]]);
    expect(found(route, 'x?')).toEqual({ queue: 'exact' });
    expect(found(route, 'xy')).toBeNull();
  });

  test('matches regular expressions at the start of the name, at every call', () => {
    const route = compileRoutes([[[/feeds\.|slow/gi, { queue: 'q' }]]]);
    for (const task of ['feeds.import', 'Feeds.x', 'feeds.import', 'slowly']) {
      expect(found(route, task)).toEqual({ queue: 'q' });
    }
    expect(found(route, 'my.feeds.x')).toBeNull();
  });
});

describe('an index of patterns', () => {
  test('finds the same pattern as a linear search', () => {
    const part = fc.constantFrom('*', '?', '[ab]', 'a', 'b', 'ab', '.', 'abcab');
    const globs = fc.array(fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')));
    const names = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 });
    fc.assert(
      fc.property(globs, names, (texts, letters) => {
        const patterns = texts.map((text) => compileGlob(text));
        const name = letters.join('');
        const first = patterns.findIndex((pattern) => pattern.test(name));
        expect(indexPatterns(patterns)(name)).toBe(first);
      }),
      { numRuns: 500 },
    );
  });

  test('tests only few of many patterns', () => {
    let tests = 0;
    const counted = (glob: string) => {
      const pattern = compileGlob(glob);
      const test = (name: string) => {
        tests += 1;
        return pattern.test(name);
      };
      return { literal: pattern.literal, test };
    };
    for (const shape of [(i: number) => `app${i}.*`, (i: number) => `*.job${i}`]) {
      const find = indexPatterns(Array.from({ length: 1_000 }, (_, i) => counted(shape(i))));
      tests = 0;
      for (let i = 0; i < 1_000; i++) expect(find(`app${i}.job${i}`)).toBe(i);
      expect(tests).toBeLessThan(50_000);
    }
  });
});

test('an index of patterns: finds patterns of one letter by that letter', () => {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
  let tests = 0;
  const patterns = letters.map((literal) => ({
    literal,
    test: (name: string) => {
      tests += 1;
      return name.startsWith(literal);
    },
  }));
  expect(indexPatterns(patterns)('zzz')).toBe(25);
  expect(tests).toBe(1);
});

describe('the router', () => {
  test('uses only the first route that matches', () => {
    const asked: string[] = [];
    const route = (name: string, answer: ReturnType<Route>): Route => {
      return () => {
        asked.push(name);
        return answer;
      };
    };
    const router = routerOf(route('one', null), route('two', { queue: 'q' }), route('three', { priority: 5 }));
    const { options } = router.route('t', [], {}, {});
    expect(asked).toEqual(['one', 'two']);
    expect(options).toEqual({ queue: 'q', deliveryMode: 2 });
  });

  test('passes the whole task to functions, with its name for routing', () => {
    const calls: unknown[][] = [];
    const router = routerOf((...call) => {
      calls.push(call);
      return null;
    });
    const options = { routeName: 'known.as', priority: 3 };
    router.route('t', [1], { a: 2 }, options);
    expect(calls).toEqual([['known.as', [1], { a: 2 }, options]]);
  });

  test('prefers each defined option of the task over that of the route', () => {
    const router = routerOf(() => ({ queue: 'q', priority: 3, deliveryMode: 1, headers: { a: 1 } }));
    const { destination, options } = router.route('t', [], {}, { priority: 7, queue: undefined });
    expect(destination.routingKey).toBe('q');
    expect(options).toEqual({ queue: 'q', priority: 7, deliveryMode: 1, headers: { a: 1 } });
  });

  test('adds the defaults of the settings for options that are set in neither place', () => {
    const rules = { ...DEFAULT_ROUTES, priority: 4, deliveryMode: 1, ignoreResult: true } as const;
    const router = new Router(new Queues(), rules);
    expect(router.route('t', [], {}, {}).options).toEqual({ priority: 4, deliveryMode: 1, ignoreResult: true });
    const own = { priority: 0, deliveryMode: 2, ignoreResult: false } as const;
    expect(router.route('t', [], {}, own).options).toEqual(own);
  });

  test('throws the error of a route function', () => {
    const router = routerOf(() => {
      throw new Error('no such region');
    });
    expect(() => router.route('t', [], {}, {})).toThrow('no such region');
  });
});

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
  const queues = new Queues({ ...DEFAULT_RULES, configured: [...described, createQueue('q', events, 'a.#')] });
  const { destination } = new Router(queues).route('t', [], {}, { exchange: 'events' });
  expect(destination).toEqual({ queue: null, exchange: 'events', exchangeType: 'topic', routingKey: '' });
});
