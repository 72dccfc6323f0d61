import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../../../src/celery/kombu/envelope.ts';
import type { Entry } from '../../../../src/entries/catalog/entry.ts';
import { compose } from '../../../../src/entries/compose/compose.ts';
import type { MessageContext } from '../../../../src/entries/compose/message-context.ts';
import type { Message, MessageOptions } from '../../../../src/celery/message/message.ts';
import { DEFAULT_ENCODING } from '../../../../src/celery/message/payload.ts';
import { Queues } from '../../../../src/celery/routing/queues.ts';
import { Router } from '../../../../src/celery/routing/router.ts';
import { computeTaskId } from '../../../../src/celery/message/task-id.ts';
import { makeEntry, MINUTE, SECOND } from '../../../support/entry.ts';

const PRODUCER: MessageContext = {
  timezone: 'UTC',
  router: new Router(new Queues()),
  encoding: DEFAULT_ENCODING,
  protocol: 2,
  keyPrefix: 'beat',
  origin: 'gen1@here',
  replyTo: '5bb7e69e-d717-3990-a825-72595b9b1b65',
};
const DUE_AT = Date.UTC(2026, 10, 21, 6);
const SENT_AT = DUE_AT + 250;

interface Envelope {
  readonly body: string;
  readonly headers: Record<string, unknown>;
  readonly properties: Record<string, unknown>;
}

function messageOf(parts: Partial<Entry> = {}, sentAt = SENT_AT): Message {
  return compose({ entry: makeEntry(parts), dueAt: DUE_AT }, sentAt, PRODUCER).messages[0]!;
}

function messageWith(options: MessageOptions, sentAt?: number): Message {
  return messageOf({ options }, sentAt);
}

describe('a task message', () => {
  test("has the occurrence's id from every instance at any time", () => {
    const id = computeTaskId('cleanup', DUE_AT, 'beat');
    for (const { taskId, headers, properties } of [messageOf(), messageOf({}, SENT_AT + MINUTE)]) {
      expect(taskId).toBe(id);
      expect(headers).toMatchObject({ id, root_id: id });
      expect(properties.correlation_id).toBe(id);
    }
  });

  test('has no ignore_result by default', () => {
    expect(messageOf().headers).not.toHaveProperty('ignore_result');
    expect(messageWith({ ignoreResult: false }).headers).toHaveProperty('ignore_result', false);
  });

  test('has the headers of the user, as in Celery', () => {
    const { taskId, headers } = messageWith({ headers: { origin: 'me', tenant: 'ø', beat_due_at: 1 } });
    expect(headers).toMatchObject({ id: taskId, origin: 'me', tenant: 'ø', beat_due_at: 1 });
    expect(Object.keys(headers).slice(-2)).toEqual(['tenant', 'celery_beat_task']);
  });

  test('has the mark of a scheduled task even if the user sets headers, as in Celery', () => {
    const { headers } = messageWith({ headers: { celery_beat_task: false } });
    expect(headers['celery_beat_task']).toBe(true);
  });

  test('does not change its entry', () => {
    const headers = Object.freeze({ tenant: 'acme' });
    const entry = makeEntry({ options: Object.freeze({ headers }) });
    const [first] = compose({ entry, dueAt: DUE_AT }, SENT_AT, PRODUCER).messages;
    const later = { entry, dueAt: DUE_AT + MINUTE };
    const [second] = compose(later, SENT_AT + MINUTE, PRODUCER).messages;
    expect(second?.taskId).not.toBe(first?.taskId);
    expect(second?.body).toEqual(first?.body);
    expect(first?.headers['beat_due_at']).toBe('2026-11-21T06:00:00.000Z');
    expect(second?.headers['beat_due_at']).toBe('2026-11-21T06:01:00.000Z');
  });

  test('escapes text that could end the envelope', () => {
    const odd = '"}\\,\u2028\n\u0000ø😀\ud83d';
    const message = messageOf({ name: odd, task: odd, args: [odd], options: { queue: odd, shadow: odd } });
    const { body, headers, properties } = JSON.parse(encodeEnvelope(message, 'tag')) as Envelope;
    expect(headers).toEqual(message.headers);
    expect(headers).toMatchObject({ task: odd, shadow: odd, periodic_task_name: odd });
    expect(properties['delivery_info']).toEqual({ exchange: '', routing_key: odd });
    expect(JSON.parse(Buffer.from(body, 'base64').toString())).toMatchObject([[odd], {}, {}]);
  });
});

describe('the eta of a message', () => {
  test('is the countdown from the time of publishing', () => {
    const { headers } = messageWith({ countdown: 90 * SECOND });
    expect(headers['eta']).toBe('2026-11-21T06:01:30.250000+00:00');
  });

  test('is overridden by a countdown other than zero', () => {
    const eta = Date.UTC(2030, 0, 1);
    expect(messageWith({ eta, countdown: SECOND }).headers['eta']).toMatch(/^2026/);
    expect(messageWith({ eta, countdown: 0 }).headers['eta']).toBe('2030-01-01T00:00:00+00:00');
    expect(messageWith({ countdown: 0 }).headers['eta']).toBeNull();
  });
});

describe('the expiry of a message', () => {
  test('is relative to the time of publishing', () => {
    const { headers, properties } = messageWith({ expires: { after: 1_500.7 } });
    expect(headers['expires']).toBe('2026-11-21T06:00:01.750000+00:00');
    expect(properties.expiration).toBe('1500');
  });

  test('may be an instant', () => {
    const { headers, properties } = messageWith({ expires: { at: DUE_AT + MINUTE } });
    expect(headers['expires']).toBe('2026-11-21T06:01:00+00:00');
    expect(properties.expiration).toBe('59750');
  });

  test('may be the next occurrence, counted from the nominal instant', () => {
    const { headers, properties } = messageWith({ expires: 'next' });
    expect(headers['expires']).toBe('2026-11-21T06:01:00+00:00');
    expect(properties.expiration).toBe('59750');
  });

  test('at the next occurrence has passed if the message is published later', () => {
    const { headers, properties } = messageWith({ expires: 'next' }, DUE_AT + 70 * SECOND);
    expect(headers['expires']).toBe('2026-11-21T06:01:00+00:00');
    expect(properties.expiration).toBe('0');
  });

  test('is absent if there is no next occurrence', () => {
    const schedule = { spec: 'once', next: () => null };
    const { headers, properties } = messageOf({ schedule, options: { expires: 'next' } });
    expect(headers['expires']).toBeNull();
    expect(properties).not.toHaveProperty('expiration');
  });

  test('that has passed results in a time to live of zero', () => {
    const { headers, properties } = messageWith({ expires: { at: DUE_AT - MINUTE } });
    expect(headers['expires']).toBe('2026-11-21T05:59:00+00:00');
    expect(properties.expiration).toBe('0');
    expect(messageWith({ expires: { after: 0 } }).properties.expiration).toBe('0');
  });
});
