import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import type { Settings } from '../../../../src/config/settings.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import { problemsOf } from '../support.ts';

const REDIS = { brokerUrl: 'redis://localhost' };

function settingsOf(config: object, entry: object = {}): Settings {
  const beatSchedule = { e: { task: 't', schedule: 60, ...entry } };
  return resolveSettings({ ...REDIS, beatSchedule, ...config });
}

function notesOf(config: object, entry: object = {}): string[] {
  return settingsOf(config, entry).warnings.map(formatDiagnostic);
}

function queueOf(config: object, name: string) {
  return new Queues(settingsOf(config).queues).get(name);
}

function queueFor(task: string, taskRoutes: unknown): string {
  const { queues, routes } = settingsOf({ taskRoutes });
  return new Router(new Queues(queues), routes).route(task, [1], {}, {}).destination.routingKey;
}

const AS_DICT = [
  {
    name: 'a',
    exchange: {
      name: 'ex',
      type: 'topic',
      arguments: null,
      durable: true,
      passive: false,
      auto_delete: false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: 'a.#',
    queue_arguments: null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: true,
    exclusive: false,
    auto_delete: false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: 5,
  },
  {
    name: 'b',
    exchange: {
      name: '',
      type: 'direct',
      arguments: null,
      durable: true,
      passive: false,
      auto_delete: false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: '',
    queue_arguments: null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: true,
    exclusive: false,
    auto_delete: false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
  },
  {
    name: 'bcast.975c6930-3c33-448f-8cd7-cb2f62a1d821',
    exchange: {
      name: 'all',
      type: 'fanout',
      arguments: null,
      durable: true,
      passive: false,
      auto_delete: false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: '',
    queue_arguments: null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: true,
    exclusive: false,
    auto_delete: true,
    no_ack: false,
    alias: 'all',
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
    queue: 'bcast.975c6930-3c33-448f-8cd7-cb2f62a1d821',
  },
];

describe('taskQueues', () => {
  test('accepts all options of kombu for a queue, and its names of AMQP arguments', () => {
    const row = {
      exchange: { name: 'media', type: 'topic', arguments: { 'alternate-exchange': 'else' } },
      binding_key: 'v.#',
      durable: false,
      exchange_auto_delete: true,
      queue_arguments: { 'x-queue-type': 'quorum', 'x-max-priority': 3 },
      binding_arguments: { 'x-match': 'any' },
      expires: '1m',
      message_ttl: 1.5,
      max_length: 10,
      max_length_bytes: 1_000,
      max_priority: 7,
      delivery_mode: 'transient',
      alias: 'nick',
    };
    expect(queueOf({ task_queues: { video: row } }, 'nick')).toEqual({
      name: 'video',
      alias: 'nick',
      bindings: [
        {
          exchange: {
            name: 'media',
            type: 'topic',
            durable: false,
            autoDelete: true,
            deliveryMode: 1,
            arguments: { 'alternate-exchange': 'else' },
            noDeclare: false,
          },
          routingKey: 'v.#',
          arguments: { 'x-match': 'any' },
        },
      ],
      durable: false,
      exclusive: false,
      autoDelete: false,
      broadcast: false,
      noDeclare: false,
      arguments: {
        'x-queue-type': 'quorum',
        'x-expires': 60_000,
        'x-message-ttl': 1_500,
        'x-max-length': 10,
        'x-max-length-bytes': 1_000,
        'x-max-priority': 7,
      },
    });
  });

  test('is a map or a list, and a row of a list may be only a name', () => {
    for (const taskQueues of [{ a: {}, b: null }, ['a', { name: 'b' }]]) {
      const { configured } = settingsOf({ taskQueues }).queues;
      expect(configured.map(({ name }) => name)).toEqual(['a', 'b']);
    }
  });

  test('sets the configured priorities of queues without their own', () => {
    const taskQueues = { a: {}, b: { queueArguments: { 'x-max-priority': 3 } } };
    const config = { taskQueues, taskQueueMaxPriority: 9 };
    expect(queueOf(config, 'a').arguments).toEqual({ 'x-max-priority': 9 });
    expect(queueOf(config, 'b').arguments).toEqual({ 'x-max-priority': 3 });
  });

  test("supports kombu's Broadcast: beat declares the exchange, workers declare the queues", () => {
    const taskQueues = [{ name: 'bc', broadcast: true, autoDelete: true }];
    expect(queueOf({ taskQueues }, 'bc')).toMatchObject({
      broadcast: true,
      bindings: [{ exchange: { name: 'bc', type: 'fanout', autoDelete: false } }],
    });
  });

  test('accepts the output of kombu’s `as_dict(recurse=True)` of 5.2 and 5.7', () => {
    const [a, b, all] = settingsOf({ task_queues: AS_DICT }).queues.configured;
    expect(a).toMatchObject({
      name: 'a',
      bindings: [{ exchange: { name: 'ex', type: 'topic' }, routingKey: 'a.#' }],
      arguments: { 'x-max-priority': 5 },
    });
    // An exchange without a name is one that the configuration is still to give.
    expect(b).toMatchObject({ bindings: [{ exchange: { name: 'celery' }, routingKey: 'celery' }] });
    expect(all).toMatchObject({ alias: 'all', broadcast: true });
  });

  test('binds a Broadcast by the default key, in a map as in a list', () => {
    for (const taskQueues of [{ bc: { broadcast: true } }, [{ name: 'bc', broadcast: true }]]) {
      expect(queueOf({ taskQueues }, 'bc').bindings[0].routingKey).toBe('celery');
    }
  });

  test("does not declare the server's own exchanges", () => {
    const [binding] = queueOf({ taskQueues: { a: { exchange: 'amq.topic' } } }, 'a').bindings;
    expect(binding.exchange.noDeclare).toBe(true);
  });

  test('warns of an exchange type without an exchange, which Celery ignores', () => {
    expect(notesOf({ taskQueues: { a: { exchangeType: 'topic' } } })).toEqual([
      'taskQueues.a.exchangeType: ignored without an exchange; the queue is bound to "celery"',
    ]);
  });

  test.each([
    [{ taskQueues: 'celery' }, /^taskQueues: expected a map of names and queues, or a list of queues/],
    [{ taskQueues: [{ exchange: 'x' }] }, /^taskQueues\[0\]\.name: missing; expected text/],
    [{ task_queues: [5] }, /^task_queues\[0\]: expected the name of a queue, or a map/],
    [{ task_queues: { a: { exchnge: 'x' } } }, /^task_queues\.a\.exchnge: .*did you mean "exchange"/],
    [{ taskQueues: { a: { exchangeType: 'topc' } } }, /^taskQueues\.a\.exchangeType: expected 'direct'/],
    [{ taskQueues: { a: { maxPriority: 300 } } }, /^taskQueues\.a\.maxPriority: .*from 1 to 255/],
    [{ taskQueues: { a: { bindings: [{}] } } }, /^taskQueues\.a\.bindings\[0\]\.exchange: missing/],
    [
      { task_queues: [{ name: 'a', bindings: [{ exchange: 'x', routing_ky: 'y' }] }] },
      /^task_queues\[0\]\.bindings\[0\]\.routing_ky: .*did you mean/,
    ],
    [
      { taskQueues: { a: { exchange: 'x', bindings: [{ exchange: 'y' }] } } },
      /^taskQueues\.a\.exchange: kombu ignores it beside bindings/,
    ],
    [{ taskQueues: ['a', { name: 'b', alias: 'a' }] }, /^taskQueues\[1\]: another queue is called "a"/],
  ])('is rejected with an invalid value: %j', (config, problem) => {
    expect(problemsOf({ ...REDIS, ...config })).toEqual([expect.stringMatching(problem)]);
  });
});

describe('a queue that is not configured', () => {
  const config = { ...REDIS, taskCreateMissingQueues: false, taskQueues: { celery: {}, reports: {} } };
  const withEntry = (entry: object) =>
    problemsOf({ ...config, beat_schedule: { e: { task: 't', schedule: 60, ...entry } } });

  test('is an error with the path that names it if createMissingQueues is false', () => {
    expect(withEntry({})).toEqual([]);
    expect(withEntry({ options: { queue: 'report' } })).toEqual([
      'beat_schedule.e.options.queue: no queue "report" in taskQueues, and taskCreateMissingQueues is false; did you mean "reports"?',
    ]);
    expect(withEntry({ args: ['{{dueAt}}'], options: { queue: 'report' } })).toHaveLength(1);
  });

  test('is also an error if a route names it', () => {
    const problems = problemsOf({
      ...config,
      taskRoutes: { 't*': 'report' },
      beat_schedule: { e: { task: 't', schedule: 60 } },
    });
    expect(problems).toEqual([expect.stringMatching(/^beat_schedule\.e: no queue "report"/)]);
  });
});

describe('taskRoutes', () => {
  test.each([
    ['a table', { 't*': 'q' }],
    ["a table in Celery's spelling", { t: { queue: 'q', routing_key: 'x' } }],
    ['a function', (task: string) => (task === 't' ? 'q' : null)],
    ['a list of tables', [{ other: 'x' }, { t: 'q' }]],
    ['a list of pairs', [['t', 'q']]],
    ['a list of lists of pairs', [[['x*', 'x']], [[/t/, { queue: 'q' }]]]],
    ['a list of all', [() => null, () => undefined, [/^x/, 'x'], { t: 'q' }, () => 'late']],
    ["a function's map", [() => ({ queue: 'q', exchange_type: 'direct' })]],
  ])('may be %s', (_, taskRoutes) => {
    expect(queueFor('t', taskRoutes)).toBe('q');
  });

  test.each([['my-app.tasks.*'], ['*-app.[a-z]*'], ['my-app.{x}#/*']])('accepts the glob %s', (glob) => {
    const name = glob.replaceAll('*', 'my').replace('[a-z]', 't');
    expect(queueFor(name, { [glob]: 'q' })).toBe('q');
  });

  test('with ten thousand routes is searched through an index', () => {
    const tables = Array.from({ length: 10_000 }, (_, i) => ({ [`app${i}.*`]: `q${i}` }));
    const { queues, routes } = settingsOf({ taskRoutes: tables });
    expect(routes.routes).toHaveLength(1);
    const router = new Router(new Queues(queues), routes);
    for (const i of [0, 5, 9_999]) {
      const { destination } = router.route(`app${i}.x`, [], {}, {});
      expect(destination.routingKey).toBe(`q${i}`);
    }
  });

  test('does not apply to tasks that match no route', () => {
    expect(queueFor('other', { 't*': 'q' })).toBe('celery');
  });

  test.each([
    [
      'proj.Router',
      /^taskRoutes: "proj\.Router" names Python code, which beat cannot run; write it as a function \(task, args, kwargs, options\)/,
    ],
    [['proj.Router'], /^taskRoutes\[0\]: "proj\.Router" names Python code/],
    [5, /^taskRoutes: expected a map of names and routes, a function, or a list/],
    [[5], /^taskRoutes\[0\]: expected a map of names and routes/],
    [{ t: 5 }, /^taskRoutes\.t: expected the name of a queue, or a map/],
    [{ t: '' }, /^taskRoutes\.t: expected the name of a queue, or a map/],
    [{ 't.*': { queu: 'x' } }, /^taskRoutes\["t\.\*"\]\.queu: .*did you mean "queue"/],
    [{ t: { priority: 300 } }, /^taskRoutes\.t\.priority: expected a whole number from 0 to 255/],
    [[['t']], /^taskRoutes\[0\]: expected a pair of a name/],
    [[[['t', 'q'], 5]], /^taskRoutes\[0\]\[1\]: expected a pair of a name/],
    [[['t', 5]], /^taskRoutes\[0\]\[1\]: expected the name of a queue/],
    [() => 5, /^taskRoutes: what it returns for "t": expected the name of a queue.*got 5/],
    [[() => ({ queu: 'x' })], /^taskRoutes\[0\]: what it returns for "t": queu: .*did you mean "queue"/],
    [() => Promise.reject(new Error()), /^taskRoutes: what it returns for "t": a promise/],
    [
      () => {
        throw new Error('no region');
      },
      /^taskRoutes: the function threw for "t": no region/,
    ],
  ])('is rejected with an invalid route: %o', (taskRoutes, problem) => {
    const beatSchedule = { e: { task: 't', schedule: 60 } };
    const found = problemsOf({ ...REDIS, taskRoutes, beatSchedule });
    expect(found).toEqual([expect.stringMatching(problem)]);
  });

  test('reports a function that fails for every task once', () => {
    const route = () => {
      throw new Error('broken');
    };
    const beatSchedule = { a: { task: 'a', schedule: 60 }, b: { task: 'b', schedule: 60 } };
    expect(problemsOf({ ...REDIS, taskRoutes: [route], beatSchedule })).toHaveLength(1);
  });

  test('reports all errors in the result of a function, with the task that it was called for', () => {
    const route = (task: string) => {
      if (task === 'c') throw new Error('no region');
      return task === 'd' ? 'sound' : { queu: 'x', priority: 'low' };
    };
    const tasks = ['a', 'b', 'c', 'd'].map((task) => [task, { task, schedule: 60 }]);
    const beatSchedule = Object.fromEntries(tasks) as object;
    expect(problemsOf({ ...REDIS, taskRoutes: [route], beatSchedule })).toEqual([
      expect.stringMatching(/what it returns for "a": priority: expected/),
      expect.stringMatching(/what it returns for "a": queu: unknown/),
      expect.stringMatching(/threw for "c": no region/),
    ]);
  });

  test('calls no function at load for computed arguments', () => {
    const asked: unknown[] = [];
    const route = (task: string, args: readonly unknown[]) => {
      if (task === 't') asked.push(args);
      return 'q';
    };
    settingsOf({ taskRoutes: route }, { args: ['{{dueAt}}'] });
    expect(asked).toEqual([]);
    settingsOf({ taskRoutes: route }, { args: ['known'] });
    expect(asked).toEqual([['known']]);
  });
});

describe('the destination of a task', () => {
  test.each([
    [
      { exchange: 'media' },
      'options.exchange: ignored, as in Celery: a direct exchange without a routing key; the task goes to queue "celery"',
    ],
    [
      { routingKey: 'x' },
      'options.routingKey: ignored, as in Celery: a direct exchange without an exchange; the task goes to queue "celery"',
    ],
    [
      { exchange: 'media', routingKey: 'x' },
      'options.exchange: no queue in taskQueues is bound to the exchange "media" (routing key "x"): messages are held back until a worker binds one',
    ],
  ])('causes a warning if it has no queue or ignores an option: %j', (options, note) => {
    expect(notesOf({}, { options })).toEqual([`beatSchedule.e.${note}`]);
  });

  test.each([
    { queue: 'q', exchange: 'q' },
    { queue: 'q', routingKey: 'q.x' },
    { exchange: 'celery', routingKey: 'celery' },
    { exchange: 'bc', exchangeType: 'fanout' },
    { queue: 'new', exchange: 'new', routingKey: 'new' },
  ])('causes no warning if it is valid: %j', (options) => {
    expect(notesOf({}, { options })).toEqual([]);
  });

  test.each([
    [
      'sqla+sqlite:///b.sqlite',
      { exchange: 'bc', exchangeType: 'fanout' },
      /^beatSchedule\.e\.options\.exchange: exchange "bc" is a fanout exchange, which beat does not support on SQL and SQS/,
    ],
    [
      'sqla+sqlite:///b.sqlite',
      { exchange: 'x', routingKey: 'y' },
      /^beatSchedule\.e\.options\.exchange: exchange "x" \(routing key "y"\) has no queue in taskQueues/,
    ],
    [
      'redis://h',
      { exchange: 'x', exchangeType: 'headers' },
      /^beatSchedule\.e\.options\.exchange: exchange "x" is a headers exchange, which kombu does not support on Redis/,
    ],
  ])('is an error if the broker %s does not support it', (brokerUrl, options, problem) => {
    const beatSchedule = { e: { task: 't', schedule: 60, options } };
    expect(problemsOf({ brokerUrl, beatSchedule })).toEqual([expect.stringMatching(problem)]);
  });
});

describe('default options of tasks', () => {
  test('are accepted in every spelling', () => {
    const config = {
      task_default_priority: 4,
      CELERY_DEFAULT_DELIVERY_MODE: 'transient',
      CELERY_TASK_IGNORE_RESULT: true,
      taskRoutes: {},
    };
    expect(settingsOf(config).routes).toMatchObject({ priority: 4, deliveryMode: 1, ignoreResult: true });
  });

  test.each([
    [{ taskDefaultPriority: 256 }, /^taskDefaultPriority: expected a whole number from 0 to 255/],
    [{ taskDefaultDeliveryMode: 3 }, /^taskDefaultDeliveryMode: expected 1, 2, 'transient'/],
    [{ taskDefaultExchangeType: 'x' }, /^taskDefaultExchangeType: expected 'direct', 'topic'/],
    [{ task_create_missing_queues: 'no' }, /^task_create_missing_queues: expected true or false/],
  ])('is rejected with an invalid value: %j', (config, problem) => {
    expect(problemsOf(config)).toEqual([expect.stringMatching(problem)]);
  });
});
