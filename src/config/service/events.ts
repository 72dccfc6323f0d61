import { z } from 'zod';
import type { Endpoint } from '../../drivers/endpoint.ts';
import type { EventStreamSettings } from '../../contracts/broker/event-stream.ts';
import type { TaskEventSettings } from '../../celery/message/task-sent.ts';
import type { Settings } from '../settings.ts';
import type { Report } from '../validate.ts';
import { option, type ShapeOutput, parseDuration } from '../values/option.ts';

/** Celery's default for the exchange of task events, and for the prefix of its queues. */
const CELERY_EVENTS = 'celeryev';

/** Celery's task events: what beat publishes for monitors such as Flower, and what it receives from workers. */
export const eventsShape = {
  taskSendSentEvent: option.flag(
    'Publishes a `task-sent` event for every published task, for monitors such as Flower.',
    { default: false },
  ),
  workerSendTaskEvents: option.flag(
    'Whether workers send task events, as with `celery worker -E`. The leader then receives them: outcomes have the runtime of the task, and most are known without a `resultBackend` too. See [outcomes](outcomes.md#task-events).',
    { default: false },
  ),
  eventExchange: option.nonEmpty('The exchange of task events.', { default: CELERY_EVENTS, example: 'shopev' }),
  eventQueuePrefix: option.nonEmpty(
    'RabbitMQ: how the name of the queue begins from which the leader receives task events.',
    { default: CELERY_EVENTS, example: 'shopev' },
  ),
  eventSerializer: option(
    z.literal('json', "'json', which every receiver of events reads"),
    'Serializer of task events; every receiver reads JSON.',
    { default: 'json', example: 'json' },
  ),
};

/** Where `task-sent` events go, or `null`. A broker without events is only a warning. */
export function readTaskEvents(
  settings: ShapeOutput<typeof eventsShape>,
  { driver, scheme }: Endpoint,
  warn: Report,
): TaskEventSettings | null {
  if (!settings.taskSendSentEvent) return null;
  const exchange = settings.eventExchange ?? CELERY_EVENTS;
  const exchangeType = driver?.taskEvents;
  if (exchangeType) return { exchange, exchangeType };
  const message = `no events are sent: a broker at ${scheme}:// carries none, so nothing could receive them`;
  warn(['taskSendSentEvent'], message);
  return null;
}

/** The task events of workers that the leader receives, or `null`. */
export function readEventStream(
  settings: ShapeOutput<typeof eventsShape> & { readonly outcomes?: boolean | undefined },
  { driver, scheme }: Endpoint,
  warn: Report,
): EventStreamSettings | null {
  if (!settings.workerSendTaskEvents || settings.outcomes === false) return null;
  const { eventExchange: exchange = CELERY_EVENTS, eventQueuePrefix: queuePrefix = CELERY_EVENTS } = settings;
  if (driver?.loadEventStream) return { exchange, queuePrefix };
  warn(['workerSendTaskEvents'], `no events are received: a broker at ${scheme}:// carries none`);
  return null;
}

/** Seconds, as in `beat healthcheck`: an older tick means that the loop is stuck. */
const DEFAULT_MAX_AGE = 60;
const CONTROL_EXCHANGE = 'celery';

export const remoteControlShape = {
  beatEnableRemoteControl: option.flag('Answers `celery inspect ping` as `celerybeat@HOST`, on Redis and RabbitMQ.', {
    default: false,
  }),
  beatRemoteControlMaxTickAge: option.duration(
    'From how long without progress of the loop on beat does not answer any more; 0 for never.',
    { default: `${DEFAULT_MAX_AGE}s`, example: '2m' },
  ),
  controlExchange: option.nonEmpty(
    'The first part of the name of the exchange for remote control, as for the workers.',
    { default: CONTROL_EXCHANGE, example: 'shop' },
  ),
};

/** A broker that cannot carry remote control is a warning: Celery's beat runs without it too. */
export function readRemoteControl(
  settings: ShapeOutput<typeof remoteControlShape>,
  override: boolean | undefined,
  { driver, scheme }: Endpoint,
  warn: Report,
): Settings['remoteControl'] {
  const { beatEnableRemoteControl, beatRemoteControlMaxTickAge = DEFAULT_MAX_AGE } = settings;
  const asked = override ?? beatEnableRemoteControl ?? false;
  const isPossible = driver?.fanoutExchanges === true && driver.loadMailbox !== undefined;
  if (asked && !isPossible) {
    warn(['beatEnableRemoteControl'], `beat does not answer: a broker at ${scheme}:// has no fanout exchanges`);
  }
  return {
    enabled: asked && isPossible,
    maxTickAge: parseDuration(beatRemoteControlMaxTickAge) ?? 0,
    namespace: settings.controlExchange ?? CONTROL_EXCHANGE,
  };
}
