import { z } from 'zod';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { EventStreamSettings } from '../../contracts/broker/event-stream.ts';
import type { TaskEventSettings } from '../../celery/message/task-sent.ts';
import type { Report } from '../validate.ts';
import { option, type ShapeOutput } from '../values/option.ts';
import { flag, name } from '../values/scalars.ts';

const DEFAULT_EXCHANGE = 'celeryev';
const DEFAULT_QUEUE_PREFIX = 'celeryev';

/** Celery's task events: what beat publishes for monitors such as Flower, and what it receives from workers. */
export const eventsShape = {
  taskSendSentEvent: option(
    flag(),
    'Publishes a `task-sent` event for every published task, for monitors such as Flower.',
    { default: false, example: true },
  ),
  workerSendTaskEvents: option(
    flag(),
    'Whether workers send task events, as with `celery worker -E`. The leader then receives them: outcomes have the runtime of the task, and most are known without a `resultBackend` too. See [outcomes](outcomes.md#task-events).',
    { default: false, example: true },
  ),
  eventExchange: option(name(), 'The exchange of task events.', {
    default: DEFAULT_EXCHANGE,
    example: 'shopev',
  }),
  eventQueuePrefix: option(
    name(),
    'RabbitMQ: how the name of the queue begins from which the leader receives task events.',
    { default: DEFAULT_QUEUE_PREFIX, example: 'shopev' },
  ),
  eventSerializer: option(
    z.literal('json', "'json', which every receiver of events reads"),
    'Serializer of task events; every receiver reads JSON.',
    { default: 'json', example: 'json' },
  ),
};

/**
 * Where `task-sent` events go; `null` for nowhere. A broker without events is a warning, not an error: tasks are
 * published all the same.
 */
export function readTaskEvents(
  settings: ShapeOutput<typeof eventsShape>,
  { driver, scheme }: Endpoint,
  warn: Report,
): TaskEventSettings | null {
  if (!settings.taskSendSentEvent) return null;
  const exchange = settings.eventExchange ?? DEFAULT_EXCHANGE;
  const exchangeType = driver?.taskEvents;
  if (exchangeType) return { exchange, exchangeType };
  const message = `no events are sent: a broker at ${scheme}:// carries none, so nothing could receive them`;
  warn(['taskSendSentEvent'], message);
  return null;
}

/**
 * What the leader receives of the task events of workers; `null` for nothing. A broker without events is a warning, as
 * above.
 */
export function readEventStream(
  settings: ShapeOutput<typeof eventsShape> & { readonly outcomes?: boolean | undefined },
  { driver, scheme }: Endpoint,
  warn: Report,
): EventStreamSettings | null {
  if (!settings.workerSendTaskEvents || settings.outcomes === false) return null;
  const { eventExchange: exchange = DEFAULT_EXCHANGE } = settings;
  const { eventQueuePrefix: queuePrefix = DEFAULT_QUEUE_PREFIX } = settings;
  if (driver?.loadEventStream) return { exchange, queuePrefix };
  const message = `no events are received: a broker at ${scheme}:// carries none`;
  warn(['workerSendTaskEvents'], message);
  return null;
}
