import { createExchange } from '../../celery/routing/queue.ts';
import { DEFAULT_RULES, type QueueRules } from '../../celery/routing/queues.ts';
import { DEFAULT_ROUTES, type RouteRules } from '../../celery/routing/router.ts';
import type { CheckAccepted } from '../message/encoding.ts';
import type { Report } from '../validate.ts';
import { option, type ShapeOutput, whole } from '../values/option.ts';
import { DELIVERY_MODES, deliveryMode, exchangeType, maxPriority, queueType, readTaskQueues } from './task-queues.ts';
import { readTaskRoutes } from './task-routes.ts';

/** Defaults of queues, exchanges and messages; the tables `taskQueues` and `taskRoutes` are validated row by row. */
export const routingShape = {
  taskDefaultQueue: option.nonEmpty('The queue of tasks that name none.', {
    default: DEFAULT_RULES.defaultQueue,
    example: 'default',
  }),
  taskDefaultQueueType: option(
    queueType(),
    'AMQP: type of the default queue, where `taskQueues` does not describe it.',
    { default: DEFAULT_RULES.defaultType, example: 'quorum' },
  ),
  taskDefaultExchange: option.nonEmpty('The exchange of queues that name none.', {
    otherwise: 'the name of the default queue',
    example: 'jobs',
  }),
  taskDefaultExchangeType: option(exchangeType(), 'Type of the default exchange.', {
    default: 'direct',
    example: 'topic',
  }),
  taskDefaultRoutingKey: option.nonEmpty('The routing key of queues that name none.', {
    otherwise: 'the name of the default queue',
    example: 'jobs.default',
  }),
  taskDefaultDeliveryMode: option(
    deliveryMode(),
    'Delivery mode of messages whose options, route and exchange name none; 2 is persistent.',
    { default: DEFAULT_ROUTES.deliveryMode, example: 'transient' },
  ),
  taskDefaultPriority: option(whole(0, 255), 'Priority of messages whose options and route name none.', {
    otherwise: 'none, which is sent as 0',
    example: 5,
  }),
  taskIgnoreResult: option.flag(
    '`true` is sent with every task whose options do not set it; `false` leaves it to the tasks.',
    { default: DEFAULT_ROUTES.ignoreResult },
  ),
  taskCreateMissingQueues: option.flag('Whether tasks may name queues that `taskQueues` does not describe.', {
    default: DEFAULT_RULES.createMissing,
  }),
  taskCreateMissingQueueType: option(queueType(), 'AMQP: type of queues that `taskQueues` does not describe.', {
    default: DEFAULT_RULES.missingType,
    example: 'quorum',
  }),
  taskCreateMissingQueueExchangeType: option(exchangeType(), 'Type of the exchanges that such queues are bound to.', {
    default: DEFAULT_RULES.missingExchangeType,
    example: 'topic',
  }),
  taskQueueMaxPriority: option(maxPriority(), 'AMQP: `x-max-priority` of every queue.', {
    otherwise: 'none',
    example: 10,
  }),
  declareQueues: option.flag('AMQP: whether beat declares queues and exchanges.', { default: true }),
};

interface RoutingSettings extends ShapeOutput<typeof routingShape> {
  readonly taskQueues?: unknown;
  readonly taskRoutes?: unknown;
}

export function readQueues(settings: RoutingSettings, report: Report, warn: Report): QueueRules {
  const name = settings.taskDefaultQueue ?? DEFAULT_RULES.defaultQueue;
  const { taskDefaultExchange = name, taskDefaultExchangeType = 'direct' } = settings;
  const defaultExchange = createExchange(taskDefaultExchange, taskDefaultExchangeType);
  const defaultRoutingKey = settings.taskDefaultRoutingKey ?? name;
  const maxPriority = settings.taskQueueMaxPriority ?? DEFAULT_RULES.maxPriority;
  const defaults = { defaultExchange, defaultRoutingKey, maxPriority };
  return {
    ...defaults,
    defaultQueue: name,
    configured: readTaskQueues(settings.taskQueues, defaults, report, warn),
    createMissing: settings.taskCreateMissingQueues ?? DEFAULT_RULES.createMissing,
    defaultType: settings.taskDefaultQueueType ?? DEFAULT_RULES.defaultType,
    missingType: settings.taskCreateMissingQueueType ?? DEFAULT_RULES.missingType,
    missingExchangeType: settings.taskCreateMissingQueueExchangeType ?? DEFAULT_RULES.missingExchangeType,
  };
}

export function readRoutes(settings: RoutingSettings, report: Report, checkAccepted: CheckAccepted): RouteRules {
  const mode = settings.taskDefaultDeliveryMode;
  return {
    routes: readTaskRoutes(settings.taskRoutes, report, checkAccepted),
    priority: settings.taskDefaultPriority ?? DEFAULT_ROUTES.priority,
    deliveryMode: mode === undefined ? DEFAULT_ROUTES.deliveryMode : DELIVERY_MODES[mode],
    ignoreResult: settings.taskIgnoreResult ?? DEFAULT_ROUTES.ignoreResult,
  };
}
