import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { buildCheckIn, buildPing, buildWebhook, type CheckIn } from '../../../../src/observe/alerts/requests.ts';
import type { WebhookSettings } from '../../../../src/config/alerts/alerts.ts';
import type { Alert } from '../../../../src/contracts/events/alert.ts';
import { NOON, TASK_ID } from './rig.ts';

const TO: WebhookSettings = { url: 'https://hooks.example/beat', secret: null, body: null, headers: {}, on: ['late'] };

describe('the request of a ping', () => {
  const about = { entry: 'a', signal: 'success', taskId: null, text: 'Published' } as const;

  test('is a text, and has one place in the order for each entry', () => {
    expect(buildPing('https://hc.example/ping/1', { ...about, signal: 'fail' })).toEqual({
      key: 'ping a',
      about: 'ping (fail)',
      entry: 'a',
      url: 'https://hc.example/ping/1/fail',
      method: 'POST',
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: 'Published',
    });
  });

  test('has at most 10,000 characters', () => {
    const { body } = buildPing('https://hc.example/ping/1', { ...about, text: 'x'.repeat(10_001) });
    expect(body).toBe('x'.repeat(10_000));
  });

  test.each([
    ['https://hc.example/ping/1/', 'start', null, 'https://hc.example/ping/1/start'],
    ['https://hc.example/ping/1', 'success', TASK_ID, `https://hc.example/ping/1?rid=${TASK_ID}`],
    ['https://hc.example/ping/1?create=1', 'start', TASK_ID, `https://hc.example/ping/1/start?create=1&rid=${TASK_ID}`],
    ['https://hc.example/ping/1', 'success', 'nightly', 'https://hc.example/ping/1'],
  ] as const)('to %s with the signal %s and the id %s is sent to %s', (url, signal, taskId, sentTo) => {
    expect(buildPing(url, { ...about, signal, taskId }).url).toBe(sentTo);
  });

  test.each([
    ['Pay Roll!', 'pay-roll'],
    ['--a_b--', 'a_b'],
    ['!?', 'entry'],
    ['x'.repeat(51), 'x'.repeat(50)],
  ])('names the entry %s as %s', (entry, slug) => {
    expect(buildPing('https://hc.example/{entry}', { ...about, entry }).url).toBe(`https://hc.example/${slug}`);
  });
});

describe('the request of a check-in', () => {
  const settings = { dsn: 'https://abc@sentry.example/42', slug: 'beat-{entry}', environment: 'production' };
  const checkIn: CheckIn = {
    entry: 'Pay Roll',
    taskId: 'nightly',
    status: 'ok',
    runtimeMs: null,
    at: NOON,
    schedule: undefined,
    timezone: 'UTC',
  };

  test('is an envelope of Sentry', () => {
    const { body, ...request } = buildCheckIn(settings, checkIn);
    expect(request).toEqual({
      key: 'sentry Pay Roll',
      about: 'sentry (ok)',
      entry: 'Pay Roll',
      method: 'POST',
      url: 'https://sentry.example/api/42/envelope/',
      headers: {
        'Content-Type': 'application/x-sentry-envelope',
        'X-Sentry-Auth': 'Sentry sentry_version=7, sentry_client=celery-beat/1, sentry_key=abc',
      },
    });
    expect(body!.endsWith('\n')).toBe(true);
    const [header, type, item] = body!.split('\n').map((line) => (line === '' ? null : (JSON.parse(line) as unknown)));
    expect([header, type]).toEqual([{ sent_at: '2027-03-01T12:00:00.000Z' }, { type: 'check_in' }]);
    expect(item).toEqual({
      check_in_id: createHash('sha256').update('nightly').digest('hex').slice(0, 32),
      monitor_slug: 'beat-pay-roll',
      status: 'ok',
      environment: 'production',
    });
  });
});

describe('the request of a webhook', () => {
  const alert: Alert = {
    ...{ kind: 'late', entry: 'a', at: '2027-03-01T12:00:00.000Z', text: 'Entry a is late' },
    ...{ task: null, taskId: null, dueAt: null, sentAt: null, latenessMs: 5 },
    ...{ state: null, error: null, worker: null, runtimeMs: null, reason: null, count: null },
  };
  const build = (parts: object) => buildWebhook({ ...TO, ...parts }, alert, { id: 'one', at: NOON + 999 });

  test('has the alert as JSON, and no signature without a secret', () => {
    const { body, ...request } = build({});
    expect(JSON.parse(body!)).toEqual(alert);
    expect(request).toEqual({
      key: 'webhook a',
      about: 'webhook (late)',
      entry: 'a',
      url: 'https://hooks.example/beat',
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'webhook-id': 'one', 'webhook-timestamp': String(NOON / 1_000) },
    });
  });

  test('has the configured headers, which take precedence', () => {
    const { headers } = build({ headers: { 'Content-Type': 'application/vnd.x+json', 'x-key': 'k' } });
    expect(headers).toMatchObject({ 'Content-Type': 'application/vnd.x+json', 'x-key': 'k', 'webhook-id': 'one' });
  });
});
