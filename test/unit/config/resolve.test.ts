import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '../../../src/drivers/endpoint.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { DEFAULT_CONNECTION, DEFAULT_TRANSPORT } from '../../../src/contracts/broker/connection-settings.ts';
import { DEFAULT_ENCODING } from '../../../src/celery/message/payload.ts';
import { DEFAULT_RULES } from '../../../src/celery/routing/queues.ts';
import { DEFAULT_ROUTES } from '../../../src/celery/routing/router.ts';
import { entryOf, entryProblems, namesWritten, problemsOf } from './support.ts';

describe('a configuration', () => {
  test('that contains nothing is complete nevertheless', () => {
    expect(resolveSettings({})).toEqual({
      shell: { task: 'shell.run', queue: 'shell' },
      broker: parseEndpoint('sqla+sqlite:///beat.sqlite'),
      state: parseEndpoint('sqla+sqlite:///beat.sqlite'),
      locks: [],
      timezone: 'UTC',
      entries: [expect.objectContaining({ name: 'celery.backend_cleanup' })],
      installed: ['celery.backend_cleanup'],
      definitions: { read: expect.any(Function) as never, update: expect.any(Function) as never },
      lock: { ttl: 8_000 },
      outcomes: false,
      http: null,
      metrics: { perEntry: 0 },
      alerts: null,
      remoteControl: { enabled: false, maxTickAge: 60_000, namespace: 'celery' },
      history: { limit: 100, maxAge: 30 * 86_400_000 },
      preparationMemory: 64_000_000,
      keyPrefix: 'beat',
      queues: DEFAULT_RULES,
      routes: DEFAULT_ROUTES,
      declareQueues: true,
      encoding: DEFAULT_ENCODING,
      protocol: 2,
      taskEvents: null,
      warnings: [],
      connection: DEFAULT_CONNECTION,
      transport: DEFAULT_TRANSPORT,
      results: {
        backend: null,
        expires: 86_400_000,
        expiresByItself: false,
        keyPrefix: '',
        chordOrdered: true,
        extended: false,
        tls: null,
        masterName: null,
        sentinelKwargs: {},
      },
      eventStream: null,
      files: [],
    });
  });

  test('is overridden by the flag or the environment variable of a broker', () => {
    const config = { brokerUrl: 'redis://file' };
    expect(resolveSettings(config, { brokerUrl: 'redis://flag' }).broker.url).toBe('redis://flag');
    expect(resolveSettings(config, { brokerUrl: undefined }).broker.url).toBe('redis://file');
    expect(() => resolveSettings({}, { brokerUrl: 'reds://h' })).toThrow('did you mean "redis"?');
  });

  test('is not changed by being read', () => {
    const config = Object.freeze({
      timezone: 'Europe/Oslo',
      beatSchedule: Object.freeze({ e: Object.freeze({ task: 't', schedule: 5, args: [1] }) }),
    });
    expect(namesWritten(resolveSettings(config))).toEqual(['e']);
  });

  test('reads zone names in any case', () => {
    expect(resolveSettings({ timezone: 'europe/oslo' }).timezone).toBe('Europe/Oslo');
  });

  test.each<[object, string | RegExp]>([
    [{ brokerUr: 'x' }, 'brokerUr: unknown key; did you mean "brokerUrl"?'],
    [{ color: 1 }, /^color: unknown key; allowed: brokerUrl, /],
    [{ brokerUrl: 5 }, 'brokerUrl: expected a URL, or a list of URLs, got 5'],
    [{ brokerUrl: 'localhost' }, /^brokerUrl: expected a URL such as/],
    [
      { brokerUrl: 'reds://h' },
      /^brokerUrl: unsupported URL scheme "reds" for the broker \(allowed: redis:\/\/, .*\); did you mean "redis"\?$/,
    ],
    [{ timezone: 'Europe/Olso' }, /^timezone: .*did you mean "Europe\/Oslo"/],
    [{ timezone: '+02:00' }, /^timezone: .*is not the name of an IANA time zone/],
    [{ enableUtc: 'yes' }, 'enableUtc: expected true or false, got "yes"'],
    [{ lock: 5 }, 'lock: expected a map, got 5'],
    [{ lock: { ttl: '500ms' } }, /^lock\.ttl: expected from 1s to 1d .*, got "500ms"$/],
    [{ lock: { ttl: '2d' } }, /^lock\.ttl: expected from 1s to 1d/],
    [{ lock: { ttl: '8x' } }, /^lock\.ttl: expected a number of seconds, or text such as .*"8x"$/],
    [{ missed: 'never' }, `missed: expected 'once', 'skip' or 'all', got "never"`],
    [{ keyPrefix: '' }, 'keyPrefix: expected text that is not empty, got ""'],
    [
      { brokerTransportOptions: { prioritySteps: [0, 10] } },
      'brokerTransportOptions.prioritySteps[1]: expected a whole number from 0 to 9, got 10',
    ],
    [{ brokerTransportOptions: { priority_stesp: [] } }, /did you mean "priority_steps"/],
    [{ task_route: {} }, 'task_route: unknown key; did you mean "task_routes"?'],
    [{ beatSchedule: [] }, 'beatSchedule: expected a map, got an empty list'],
    [{ beatSchedule: { '': { task: 't', schedule: 5 } } }, /an entry needs a name/],
    [{ beatSchedule: { e: 5 } }, 'beatSchedule.e: expected a map with schedule and task or shell, got 5'],
    [JSON.parse('{"__proto__": {}}') as object, /^__proto__: a name that JavaScript reserves/],
  ])('%j is rejected', (config, problem) => {
    const expected: unknown = typeof problem === 'string' ? problem : expect.stringMatching(problem);
    expect(problemsOf(config)).toEqual([expected]);
  });

  test.each([[null], [5], ['text'], [[]]])('is a map, not %j', (config) => {
    const problems = config === null ? [] : [expect.stringMatching(/expected a map of settings/)];
    expect(problemsOf(config)).toEqual(problems);
  });

  test('never shows the password of a rejected broker URL', () => {
    expect(problemsOf({ brokerUrl: ':hunter2@localhost' }).join()).not.toContain('hunter2');
    expect(problemsOf({ brokerUrl: 'reds://:hunter2@localhost' }).join()).not.toContain('hunter2');
    expect(problemsOf({ brokerUrl: ['redis://:hunter2@localhost'] }).join()).not.toContain('hunt');
    const deep = { brokerUrl: { url: `redis://${'user'.repeat(12)}:hunter2@localhost` } };
    expect(problemsOf(deep).join()).not.toContain('hunt');
  });

  test('with several errors reports all of them', () => {
    const config = {
      timezone: 'Europe/Olso',
      brokerUrl: 'reds://h',
      brokerUr: 'x',
      beatSchedule: {
        a: { tsk: 't', schedule: { crontab: { minute: 60 } }, options: { quue: 'q' } },
        b: { task: 't', schedule: 'x', args: 5, kwargs: [] },
      },
    };
    expect(problemsOf(config)).toHaveLength(10);
  });

  test('may contain settings that only workers need', () => {
    const brokerTransportOptions = { visibility_timeout: 3600, queueOrderStrategy: 'priority' };
    expect(problemsOf({ brokerTransportOptions })).toEqual([]);
  });
});

describe('an entry', () => {
  test('that contains little is complete nevertheless', () => {
    expect(entryOf({})).toMatchObject({
      name: 'e',
      task: 't',
      args: [],
      kwargs: {},
      options: {},
      enabled: true,
      missed: 'once',
      maxCatchUp: 1_000,
      startingDeadline: null,
    });
  });

  test('has missed and startingDeadline of the settings unless it has its own', () => {
    const settings = { missed: 'skip', maxCatchUp: 5, startingDeadline: '1h' };
    expect(entryOf({}, settings)).toMatchObject({ missed: 'skip', maxCatchUp: 5, startingDeadline: 3_600_000 });
    expect(entryOf({ missed: 'all', startingDeadline: 5 }, settings)).toMatchObject({
      missed: 'all',
      startingDeadline: 5_000,
    });
  });

  test.each<[object, object]>([
    [
      { queue: 'q', priority: 9 },
      { queue: 'q', priority: 9 },
    ],
    [{ countdown: 60 }, { countdown: 60_000 }],
    [{ eta: '2030-01-01T00:00:00Z' }, { eta: Date.UTC(2030, 0, 1) }],
    [{ eta: '2030-01-01 00:00:00' }, { eta: Date.UTC(2029, 11, 31, 23) }],
    [{ eta: new Date(5) }, { eta: 5 }],
    [{ expires: 30 }, { expires: { after: 30_000 } }],
    [{ expires: '30m' }, { expires: { after: 1_800_000 } }],
    [{ expires: '2030-01-01T00:00' }, { expires: { at: Date.UTC(2029, 11, 31, 23) } }],
    [{ expires: 'next' }, { expires: 'next' }],
    [
      { timeLimit: 30, softTimeLimit: '1m' },
      { timeLimit: 30, softTimeLimit: 60 },
    ],
    [{ deliveryMode: 'transient' }, { deliveryMode: 1 }],
    [{ deliveryMode: 2 }, { deliveryMode: 2 }],
    [
      { serializer: 'json', shadow: 's', taskId: 'i' },
      { serializer: 'json', shadow: 's', taskId: 'i' },
    ],
    [{ ignoreResult: false }, { ignoreResult: false }],
  ])('with the options %j, in Oslo', (options, result) => {
    expect(entryOf({ options, timezone: 'Europe/Oslo' }).options).toEqual(result);
  });

  test('may have expires beside its options, but not in both places', () => {
    expect(entryOf({ expires: 'next', options: { queue: 'q' } }).options).toEqual({ queue: 'q', expires: 'next' });
    expect(entryProblems({ expires: 'next', options: { expires: 5 } })).toEqual([
      'expires: is present under options too; keep one of them',
    ]);
  });

  test('preserves args, kwargs and headers, including integers of any size', () => {
    const kwargs = { big: 2n ** 70n, nothing: null, list: [1.5, { a: 'ü' }] };
    const entry = entryOf({ args: [1n], kwargs, options: { headers: { tenant: 'acme' } } });
    expect(entry.args).toEqual([1n]);
    expect(entry.kwargs).toEqual(kwargs);
    expect(entry.options.headers).toEqual({ tenant: 'acme' });
  });

  test.each<[object, string | RegExp]>([
    [{ task: undefined }, 'task: missing; expected text that is not empty, or a signature'],
    [{ task: '' }, 'task: expected text that is not empty, or a signature, got ""'],
    [{ args: 5 }, 'args: expected a list, got 5'],
    [{ args: {} }, 'args: expected a list, got {}'],
    [{ kwargs: [1] }, 'kwargs: expected a map, got [1]'],
    [{ args: [() => 1] }, /^args\[0\]: /],
    [{ kwargs: { when: new Map() } }, /^kwargs\.when: /],
    [{ enabled: 'no' }, 'enabled: expected true or false, got "no"'],
    [{ timezone: 'Mars/Base' }, /^timezone: "Mars\/Base" is not the name/],
    [{ maxCatchUp: 0 }, /^maxCatchUp: expected a whole number from 1 to 100,000, got 0/],
    [{ startingDeadline: 'soon' }, /^startingDeadline: expected a number of seconds/],
    [{ queue: 'q' }, 'queue: unknown here; it belongs under options: {queue: …}'],
    [{ tsk: 't' }, 'tsk: unknown key; did you mean "task"?'],
    [{ options: { quue: 'q' } }, 'options.quue: unknown key; did you mean "queue"?'],
    [{ options: { priority: 256 } }, 'options.priority: expected a whole number from 0 to 255, got 256'],
    [{ options: { priority: 1.5 } }, /^options\.priority: expected a whole number/],
    [{ options: { eta: 'soon' } }, /^options\.eta: expected an instant such as/],
    [{ options: { expires: 'soon' } }, /^options\.expires: expected 'next', a number of seconds/],
    [{ options: { deliveryMode: 3 } }, `options.deliveryMode: expected 1, 2, 'transient' or 'persistent', got 3`],
    [{ options: { serializer: 'pickle' } }, /^options\.serializer: expected 'json', .* got "pickle"/],
    [
      { options: { result_cls: 'x' } },
      'options.result_cls: an option of Celery that beat does not support: it is for readers of the result, and beat reads none; leave it out',
    ],
    [{ options: { headers: 5 } }, 'options.headers: expected a map, got 5'],
  ])('with %j is rejected', (entry, problem) => {
    const expected: unknown = typeof problem === 'string' ? problem : expect.stringMatching(problem);
    expect(entryProblems(entry)).toEqual([expected]);
  });
});
