import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { shortenedTimeouts } from '../../../../src/config/broker/connection.ts';
import { formatDiagnostic } from '../../../../src/util/diagnostic.ts';
import { problemsOf } from '../support.ts';

const EMBEDDED = 'sqla+sqlite:///beat.sqlite';
const REDIS = 'redis://localhost:6379/0';
const PSYCOPG = 'sqla+postgresql+psycopg://me@db/celery';
const PYMYSQL = 'sqla+mysql+pymysql://me@db/celery';

describe('lock and ledger', () => {
  test.each([[REDIS], ['sqla+sqlite:////srv/app.sqlite'], [PSYCOPG], [PYMYSQL], ['memory://a']])(
    'are in the broker if its URL is %s',
    (brokerUrl) => {
      expect(resolveSettings({ brokerUrl }).state.url).toBe(brokerUrl);
    },
  );

  test('are in the embedded file if the broker cannot hold state', () => {
    expect(resolveSettings({ brokerUrl: 'amqp://rabbit' }).state.url).toBe(EMBEDDED);
  });

  test('are in the store of stateUrl, which a flag or a variable overrides', () => {
    const config = { brokerUrl: 'amqps://rabbit', state_url: REDIS };
    expect(resolveSettings(config).state.url).toBe(REDIS);
    expect(resolveSettings(config, { stateUrl: 'memory://' }).state.url).toBe('memory://');
    expect(() => resolveSettings(config, { stateUrl: 'amqp://h' })).toThrow(
      'unsupported URL scheme "amqp" for the state',
    );
  });

  test('are in the broker that a flag names', () => {
    expect(resolveSettings({ brokerUrl: REDIS }, { brokerUrl: 'amqp://h' }).state.url).toBe(EMBEDDED);
  });
});

describe('several broker URLs', () => {
  test.each([[['amqp://a', 'pyamqp://b']], ['amqp://a;pyamqp://b']])('may be written %j', (urls) => {
    expect(resolveSettings({ brokerUrl: urls }).broker.url).toBe('amqp://a;pyamqp://b');
  });

  test('of sentinels are one store with its state', () => {
    const brokerUrl = 'sentinel://:p@a:26379/0;sentinel://b:26379/0';
    const brokerTransportOptions = { master_name: 'm', sentinel_kwargs: { password: 's' } };
    expect(resolveSettings({ brokerUrl, brokerTransportOptions })).toMatchObject({
      broker: { url: brokerUrl },
      state: { url: brokerUrl },
      transport: { masterName: 'm', sentinelKwargs: { password: 's' } },
    });
  });
});

describe('settings of AMQP', () => {
  test('have defaults', () => {
    expect(resolveSettings({})).toMatchObject({
      connection: { failoverStrategy: 'round-robin', heartbeat: 10_000, timeout: 4_000 },
      declareQueues: true,
      queues: { maxPriority: null, defaultType: 'classic', missingType: 'classic' },
    });
  });

  test.each<[object, object]>([
    [{ BROKER_FAILOVER_STRATEGY: 'shuffle' }, { connection: { failoverStrategy: 'shuffle' } }],
    [{ broker_heartbeat: 0 }, { connection: { heartbeat: 0 } }],
    [{ brokerHeartbeat: '2m' }, { connection: { heartbeat: 120_000 } }],
    [{ CELERY_BROKER_CONNECTION_TIMEOUT: 2.5 }, { connection: { timeout: 2_500 } }],
    [{ CELERY_QUEUE_MAX_PRIORITY: 10 }, { queues: { maxPriority: 10 } }],
    [{ task_default_queue_type: 'quorum' }, { queues: { defaultType: 'quorum' } }],
    [{ task_create_missing_queue_type: 'quorum' }, { queues: { missingType: 'quorum' } }],
    [{ declareQueues: false }, { declareQueues: false }],
  ])('%j are accepted', (config, settings) => {
    expect(resolveSettings(config)).toMatchObject(settings);
  });

  test('may be combined with settings of workers', () => {
    const brokerTransportOptions = { confirm_publish: true, retry_on_timeout: true };
    expect(problemsOf({ brokerTransportOptions })).toEqual([]);
  });
});

const master = { masterName: 'm' };
const slow = { socketTimeout: 30, socketConnectTimeout: 5 };

test.each<[object, string | RegExp]>([
  [{ brokerUrl: [] }, /^brokerUrl: expected a URL, or a list of URLs/],
  [{ brokerUrl: ['amqp://a', 'amp://b'] }, /^brokerUrl\[1\]: unsupported URL scheme "amp" .*did you mean "amqp"/],
  [{ brokerUrl: [REDIS, REDIS] }, /^brokerUrl: redis:\/\/ takes one URL; several URLs are for/],
  [{ brokerUrl: `amqp://a;${REDIS}` }, /^brokerUrl: redis:\/\/ cannot take over from amqp:\/\//],
  [{ stateUrl: 'amqp://a' }, /^stateUrl: unsupported URL scheme "amqp" for the state \(allowed: redis:/],
  [{ stateUrl: 'localhost' }, /^stateUrl: expected a URL such as .*, got text that is not a URL \(not shown\)$/],
  [{ lockUrls: [REDIS] }, /^lockUrls: has no effect with the ledger in sqla\+sqlite/],
  [{ stateUrl: REDIS, lockUrls: ['amqp://a'] }, /^lockUrls\[0\]: unsupported URL scheme "amqp" for the lock/],
  [{ stateUrl: REDIS, lockUrls: [REDIS, 'redis://b', REDIS] }, /^lockUrls\[2\]: the same server/],
  [{ stateUrl: REDIS, lockUrls: [REDIS, 'redis://b'] }, /^lockUrls: 2 servers; expected an odd number/],
  [{ brokerUrl: 'sentinel://a' }, /^brokerTransportOptions.masterName: missing; sentinel:/],
  [
    { brokerUrl: REDIS, brokerTransportOptions: { socketTimeout: 0 } },
    /^brokerTransportOptions.socketTimeout: expected longer than 0, got 0$/,
  ],
  [{ brokerHeartbeat: 0.5 }, /^brokerHeartbeat: expected whole seconds, .*, got 0.5$/],
  [{ brokerConnectionTimeout: 0 }, /^brokerConnectionTimeout: expected longer than 0/],
  [{ brokerFailoverStrategy: 'x' }, /^brokerFailoverStrategy: expected 'round-robin' or/],
  [{ taskQueueMaxPriority: 0 }, /^taskQueueMaxPriority: expected a whole number from 1 to 255/],
  [{ taskDefaultQueueType: 'x' }, /^taskDefaultQueueType: expected 'classic' or 'quorum'/],
  [
    { brokerTransportOptions: { ...master, sentinelKwargs: { user: 'x' } } },
    /^brokerTransportOptions.sentinelKwargs.user: unknown key; .*username/,
  ],
])('endpoints: the configuration %j is rejected', (config, problem) => {
  expect(problemsOf(config)).toEqual([expect.stringMatching(problem)]);
});

test.each([REDIS, PSYCOPG])(
  'timeouts of workers that are too long for a lock in %s are logged at debug level without a warning',
  (stateUrl) => {
    const settings = resolveSettings({ stateUrl, brokerTransportOptions: slow });
    expect(settings.warnings).toEqual([]);
    expect(shortenedTimeouts(settings).map(formatDiagnostic)).toEqual([
      'brokerTransportOptions.socketTimeout: 30 s for workers; connections of lock and ledger time out after ' +
        '4 s (half of lock.ttl), so that a renewal can be tried again before the lock expires',
      expect.stringMatching(/^brokerTransportOptions.socketConnectTimeout: 5 s for workers; /),
    ]);
  },
);

test('long timeouts of the broker are accepted if the lock is in another store or has a long TTL', () => {
  const shortened = (rest: object) => shortenedTimeouts(resolveSettings({ ...rest, brokerTransportOptions: slow }));
  expect(shortened({})).toEqual([]);
  expect(shortened({ brokerUrl: REDIS, stateUrl: EMBEDDED })).toEqual([]);
  expect(shortened({ stateUrl: REDIS, lock: { ttl: 60 } })).toEqual([]);
});

test('errors for rejected URLs do not contain the password', () => {
  const url = 'reds://:hunter2@localhost';
  const wrong = { brokerUrl: [url, url], stateUrl: url, lockUrls: [url, `redis://:hunter2@h`] };
  expect(problemsOf(wrong).length).toBeGreaterThan(3);
  expect(problemsOf(wrong).join()).not.toContain('hunter2');
});
