import { expect, test } from 'vitest';
import { resolveSettings } from '../../../src/config/resolve.ts';

// Literal values: a comparison with the constants of src would always hold.
test('an empty configuration has the defaults of Celery and kombu', () => {
  expect(resolveSettings({})).toMatchObject({
    queues: {
      defaultQueue: 'celery',
      defaultExchange: { name: 'celery', type: 'direct' },
      defaultRoutingKey: 'celery',
      configured: [],
      createMissing: true,
      maxPriority: null,
      defaultType: 'classic',
      missingType: 'classic',
      missingExchangeType: 'direct',
    },
    routes: { routes: [], priority: null, deliveryMode: 2, ignoreResult: false },
    encoding: { serializer: 'json', compression: null },
    connection: {
      failoverStrategy: 'round-robin',
      heartbeat: 10_000,
      timeout: 4_000,
      login: 'PLAIN',
      tls: null,
      delayedType: 'quorum',
    },
    transport: {
      globalKeyprefix: '',
      sep: '\x06\x16',
      prioritySteps: [0, 3, 6, 9],
      fanoutPrefix: '/{db}.',
      fanoutPatterns: true,
      masterName: null,
      sentinelKwargs: {},
      socketTimeout: null,
      socketConnectTimeout: null,
      keepAlive: 0,
      clientName: null,
      clientProperties: {},
    },
  });
});

test('an entry without a missed policy publishes one run for all missed ones, however late', () => {
  const { entries } = resolveSettings({ beatSchedule: { e: { task: 't', schedule: 60 } } });
  expect(entries.find(({ name }) => name === 'e')).toMatchObject({
    enabled: true,
    missed: 'once',
    maxCatchUp: 1_000,
    startingDeadline: null,
    args: [],
    kwargs: {},
  });
});
