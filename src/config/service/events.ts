import { z } from 'zod';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { TaskEventSettings } from '../../message/task-sent.ts';
import type { Report } from '../validate.ts';
import { option, type ShapeOutput } from '../values/option.ts';
import { flag, name } from '../values/scalars.ts';

const DEFAULT_EXCHANGE = 'celeryev';

/** Celery's task events, for monitors such as Flower. */
export const eventsShape = {
  taskSendSentEvent: option(
    flag(),
    'Publishes a `task-sent` event for every published task, for monitors such as Flower.',
    { default: false, example: true },
  ),
  eventExchange: option(name(), 'The exchange that task events are published to.', {
    default: DEFAULT_EXCHANGE,
    example: 'shopev',
  }),
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
