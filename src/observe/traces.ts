import { formatIso } from '../util/format-iso.ts';
import type { Span } from '@opentelemetry/api';
import type { TraceRun } from '../entries/compose/message-context.ts';
import type { EventSource } from '../contracts/events/events.ts';

/** The most spans that wait for the commit of their run; beyond this, the oldest end as failed. */
const MAX_OPEN = 10_000;

const NAME = 'celery-beat';

/** The key under which every copy of `@opentelemetry/api` registers its providers. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/**
 * Returns a function that starts a span for a task, and returns the headers that let a worker continue its trace;
 * `null` if no provider of OpenTelemetry is registered. The span ends when the run is published. A run that is prepared
 * again, because its commit failed, keeps its first span and headers.
 */
export async function openTraces(events: EventSource): Promise<TraceRun | null> {
  const registered = (globalThis as { [REGISTERED]?: { trace?: unknown } })[REGISTERED];
  if (registered?.trace === undefined) return null;
  const api = await import('@opentelemetry/api');
  const tracer = api.trace.getTracer(NAME);
  const open = new Map<string, { readonly span: Span; readonly headers: Headers }>();
  const end = (taskId: string, error?: string) => {
    const span = open.get(taskId)?.span;
    if (!span) return;
    open.delete(taskId);
    if (error !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: error });
    span.end();
  };
  events.on('sent', ({ messages }) => {
    for (const { taskId } of messages) end(taskId);
  });
  events.on('delivered', ({ taskId }) => end(taskId));
  // The next leader publishes what this one could not.
  events.on('following', () => {
    for (const taskId of [...open.keys()]) end(taskId, 'the term ended');
  });
  return ({ entry, task, taskId, dueAt, cause, destination }) => {
    const earlier = open.get(taskId);
    if (earlier) return earlier.headers;
    const [oldest] = open.keys();
    if (open.size >= MAX_OPEN && oldest !== undefined) end(oldest, 'the run was not published');
    const { queue, exchange, routingKey } = destination;
    // Named as by Celery's instrumentation, with the conventions for messaging.
    const span = tracer.startSpan(
      `apply_async/${task}`,
      {
        kind: api.SpanKind.PRODUCER,
        attributes: {
          'celery.action': 'apply_async',
          'celery.task_name': task,
          'messaging.system': 'celery',
          'messaging.operation.type': 'send',
          'messaging.operation.name': 'publish',
          'messaging.message.id': taskId,
          'messaging.destination.name': queue ?? (exchange === '' ? routingKey : exchange),
          'beat.entry': entry,
          'beat.due_at': formatIso(dueAt),
          'beat.cause': cause,
        },
      },
      api.ROOT_CONTEXT,
    );
    const headers: Headers = {};
    api.propagation.inject(api.trace.setSpan(api.ROOT_CONTEXT, span), headers);
    open.set(taskId, { span, headers });
    return headers;
  };
}

type Headers = Record<string, string>;
