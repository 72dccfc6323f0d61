import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../../src/config/resolve.ts';
import { problemsOf } from '../support.ts';

const REDIS = { brokerUrl: 'redis://localhost' };

describe('settings of events', () => {
  test.each(['taskSendSentEvent', 'task_send_sent_event', 'CELERY_SEND_TASK_SENT_EVENT'])(
    '%s turns task-sent events on, over the exchange type that the broker has for them',
    (key) => {
      const eventsOf = (brokerUrl: string) => resolveSettings({ brokerUrl, [key]: true, beatSchedule: {} }).taskEvents;
      expect(eventsOf('redis://localhost')).toEqual({ exchange: 'celeryev', exchangeType: 'fanout' });
      expect(eventsOf('amqp://localhost')).toEqual({ exchange: 'celeryev', exchangeType: 'topic' });
    },
  );

  test('are off by default', () => {
    expect(resolveSettings({ brokerUrl: 'redis://localhost' }).taskEvents).toBeNull();
  });

  test('may name another exchange', () => {
    const config = { brokerUrl: 'redis://localhost', taskSendSentEvent: true };
    expect(resolveSettings({ ...config, eventExchange: 'seen' }).taskEvents?.exchange).toBe('seen');
  });

  test('cause a warning with a broker in SQL, which does not support events', () => {
    const { taskEvents, warnings } = resolveSettings({ taskSendSentEvent: true });
    expect(taskEvents).toBeNull();
    expect(warnings).toEqual([
      {
        severity: 'warning',
        path: ['taskSendSentEvent'],
        message: 'no events are sent: a broker at sqla+sqlite:// carries none, so nothing could receive them',
      },
    ]);
  });

  test.each([
    ...['workerSendTaskEvents', 'worker_send_task_events', 'CELERY_SEND_EVENTS'],
    'CELERY_WORKER_SEND_TASK_EVENTS',
  ])('%s has the leader receive the events of workers', (key) => {
    const config = { brokerUrl: 'redis://localhost', [key]: true };
    const stream = { exchange: 'celeryev', queuePrefix: 'celeryev' };
    expect(resolveSettings(config).eventStream).toEqual(stream);
    const named = { eventExchange: 'seen', event_queue_prefix: 'shop' };
    expect(resolveSettings({ ...config, ...named }).eventStream).toEqual({ exchange: 'seen', queuePrefix: 'shop' });
    expect(resolveSettings({ ...config, [key]: false }).eventStream).toBeNull();
  });

  test('of workers are not received without outcomes', () => {
    const config = { brokerUrl: 'redis://localhost', workerSendTaskEvents: true, outcomes: false };
    expect(resolveSettings(config)).toMatchObject({ eventStream: null, warnings: [] });
  });

  test('of workers cause a warning with a broker in SQL', () => {
    const { eventStream, warnings } = resolveSettings({ workerSendTaskEvents: true });
    expect(eventStream).toBeNull();
    expect(warnings).toMatchObject([
      { path: ['workerSendTaskEvents'], message: 'no events are received: a broker at sqla+sqlite:// carries none' },
    ]);
  });

  test('of workers replace a result backend that cannot be read', () => {
    const config = { brokerUrl: 'amqp://localhost', resultBackend: 'rpc://' };
    expect(resolveSettings(config).warnings).toMatchObject([{ path: ['resultBackend'] }]);
    const { outcomes, warnings } = resolveSettings({ ...config, workerSendTaskEvents: true });
    expect({ outcomes, warnings }).toEqual({ outcomes: false, warnings: [] });
  });

  test('allow only the serializer that all receivers support', () => {
    expect(problemsOf({ eventSerializer: 'pickle' })).toEqual([
      'eventSerializer: expected \'json\', which every receiver of events reads, got "pickle"',
    ]);
  });
});

test('remote control: is off by default, and answers while the loop has made progress in the last minute', () => {
  expect(resolveSettings(REDIS).remoteControl).toEqual({ enabled: false, maxTickAge: 60_000, namespace: 'celery' });
});

test('remote control: has the settings of Celery', () => {
  const config = {
    ...REDIS,
    beat_enable_remote_control: true,
    beat_remote_control_max_tick_age: 2.5,
    control_exchange: 'shop',
  };
  expect(resolveSettings(config as object).remoteControl).toEqual({
    enabled: true,
    maxTickAge: 2_500,
    namespace: 'shop',
  });
});

test('remote control: the flag has precedence over the setting', () => {
  const config = { ...REDIS, beatEnableRemoteControl: true };
  const { enabled } = resolveSettings(config, { remoteControl: false }).remoteControl;
  expect(enabled).toBe(false);
});
