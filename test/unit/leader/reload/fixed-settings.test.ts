import { expect, test } from 'vitest';
import type { BeatConfig } from '../../../../src/generated/config-types.ts';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { checkFixedSettings } from '../../../../src/leader/reload/fixed-settings.ts';
import { ConfigError } from '../../../../src/util/errors.ts';

function explain(before: BeatConfig, after: BeatConfig): string {
  try {
    checkFixedSettings(resolveSettings(before), resolveSettings(after));
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const redis: BeatConfig = { brokerUrl: 'redis://:secret@one/1' };

test.each<[BeatConfig, BeatConfig, string]>([
  [
    redis,
    { brokerUrl: 'redis://:secret@two/1', stateUrl: 'redis://:secret@one/1' },
    'brokerUrl: cannot change from "redis://:**@one/1" to "redis://:**@two/1" while beat runs',
  ],
  [
    redis,
    { brokerUrl: 'redis://:other@one/1', stateUrl: 'redis://:secret@one/1' },
    'brokerUrl: cannot change while beat runs',
  ],
  [redis, { ...redis, keyPrefix: 'b' }, 'keyPrefix: cannot change from "beat" to "b" while beat runs'],
  [redis, { ...redis, shellQueue: 'jobs' }, 'shellQueue: cannot change from "shell" to "jobs" while beat runs'],
  [redis, { ...redis, shellTask: 'run' }, 'shellTask: cannot change from "shell.run" to "run" while beat runs'],
  [redis, { ...redis, lock: { ttl: '15s' } }, 'lock.ttl: cannot change from 8s to 15s while beat runs'],
  [
    redis,
    { ...redis, brokerUseSsl: { caCerts: '/ca', password: 'hidden' } },
    'brokerUseSsl.caCerts: cannot change from none to "/ca" while beat runs; restart beat to change it\n' +
      'brokerUseSsl.password: cannot change from none to ** while beat runs',
  ],
  [
    redis,
    { ...redis, brokerTransportOptions: { socketTimeout: 2 } },
    'brokerTransportOptions.socketTimeout: cannot change from none to 2s while beat runs',
  ],
  [
    { ...redis, resultBackend: 'redis://one' },
    { ...redis, resultBackend: 'redis://one', resultExpires: '1h' },
    'resultExpires: cannot change from 86400s to 3600s while beat runs',
  ],
  [
    redis,
    { ...redis, workerSendTaskEvents: true },
    'workerSendTaskEvents: cannot change from false to true while beat runs',
  ],
  [
    { ...redis, workerSendTaskEvents: true },
    { ...redis, workerSendTaskEvents: true, eventExchange: 'ev' },
    'eventExchange: cannot change from "celeryev" to "ev" while beat runs',
  ],
  [
    { ...redis, resultBackend: 'redis://one', resultExpires: '1h' },
    redis,
    'resultBackend: cannot change from "redis://one" to none while beat runs',
  ],
])('a reload: a setting that needs a restart is an error (%#)', (before, after, message) => {
  expect(explain(before, after)).toBe(`${message}; restart beat to change it`);
});

test('a reload: reports all changed settings that need a restart together', () => {
  const after = { ...redis, keyPrefix: 'b', lock: { ttl: '15s' } };
  expect(explain(redis, after).split('\n')).toHaveLength(2);
});

test('a reload: accepts a change of every other setting', () => {
  const after: BeatConfig = {
    ...redis,
    timezone: 'Europe/Berlin',
    beatSchedule: { a: { task: 'a', schedule: 10 } },
    taskQueues: { web: {} },
    taskDefaultQueue: 'web',
    taskRoutes: { '*': { queue: 'web' } },
    taskSerializer: 'yaml',
    taskProtocol: 1,
    taskSendSentEvent: true,
    missed: 'all',
    resultExpires: null,
  };
  expect(explain(redis, after)).toBe('');
});
