import { afterEach, expect, test } from 'vitest';
import { registerProvider, removeProvider, type EndedSpan } from '../../support/otel-provider.mjs';
import type { TracedTask } from '../../../src/entries/compose/message-context.ts';
import { Events } from '../../../src/contracts/events/events.ts';
import { openTraces } from '../../../src/observe/traces.ts';
import { Beat } from '../../../src/leader/beat.ts';
import type { SentEvent } from '../../../src/contracts/events/beat-events.ts';

afterEach(removeProvider);

function register(): EndedSpan[] {
  const spans: EndedSpan[] = [];
  registerProvider((span) => spans.push(span));
  return spans;
}

const task: TracedTask = {
  entry: 'a',
  task: 'tasks.a',
  taskId: 'id-1',
  dueAt: 0,
  cause: 'schedule',
  destination: { queue: 'celery', exchange: '', exchangeType: 'direct', routingKey: 'celery' },
};

test('traces: without a provider there are none', async () => {
  expect(await openTraces(new Events())).toBeNull();
});

test('traces: a task that is prepared again has the same headers, and its span ends when it is published', async () => {
  const spans = register();
  const events = new Events();
  const traceRun = (await openTraces(events))!;
  const headers = traceRun(task);
  expect(headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(traceRun(task)).toBe(headers);
  expect(spans).toEqual([]);
  events.emit('delivered', { ...task, to: 'queue "celery"', message: {} as never });
  const [span] = spans;
  expect(span!.name).toBe('apply_async/tasks.a');
  expect(headers['traceparent']).toContain(span!.traceId);
  expect(span!.attributes).toMatchObject({
    'messaging.message.id': 'id-1',
    'messaging.destination.name': 'celery',
    'beat.entry': 'a',
  });
  expect(traceRun(task)).not.toBe(headers);
});

test('traces: spans of runs that were not published end with an error when the term ends', async () => {
  const spans = register();
  const events = new Events();
  const traceRun = (await openTraces(events))!;
  traceRun(task);
  events.emit('following', { reason: 'the lock was lost' });
  expect(spans).toMatchObject([{ status: { message: 'the term ended' } }]);
});

test.each([true, false])(
  'traces: messages have traceparent with a provider, and are the same as ever without one (%s)',
  async (isRegistered) => {
    if (isRegistered) register();
    const beat = new Beat({
      brokerUrl: 'memory://',
      resultExpires: null,
      beatSchedule: { a: { task: 'tasks.a', schedule: 0.01 } },
    });
    const { promise, resolve } = Promise.withResolvers<SentEvent>();
    beat.on('sent', resolve);
    await beat.start();
    const { messages } = await promise;
    await beat.stop();
    expect('traceparent' in messages[0]!.headers).toBe(isRegistered);
  },
);
