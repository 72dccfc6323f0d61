import { createExchange } from '../../routing/queue.ts';
import { DEFAULT_RULES, type QueueRules } from '../../routing/queues.ts';
import { DEFAULT_ROUTES, type RouteRules } from '../../routing/router.ts';
import { DELIVERY_MODES } from '../options/options.ts';
import type { Report } from '../validate.ts';
import type { CheckAccepted } from '../message/accept-content.ts';
import type { TopSettings } from '../schema.ts';
import { readTaskQueues } from './task-queues.ts';
import { readTaskRoutes } from './task-routes.ts';

/** Which queues there are, and how those are made that nobody describes. */
export function readQueues(settings: TopSettings, report: Report, warn: Report): QueueRules {
  const name = settings.taskDefaultQueue ?? DEFAULT_RULES.defaultQueue;
  const defaultExchange = createExchange(
    settings.taskDefaultExchange ?? name,
    settings.taskDefaultExchangeType ?? 'direct',
  );
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
    missingExchangeType:
      settings.taskCreateMissingQueueExchangeType ?? DEFAULT_RULES.missingExchangeType,
  };
}

/** Which task goes where, and what is true of tasks whose options do not say it. */
export function readRoutes(
  settings: TopSettings,
  report: Report,
  checkAccepted: CheckAccepted,
): RouteRules {
  const mode = settings.taskDefaultDeliveryMode;
  return {
    routes: readTaskRoutes(settings.taskRoutes, report, checkAccepted),
    priority: settings.taskDefaultPriority ?? DEFAULT_ROUTES.priority,
    deliveryMode: mode === undefined ? DEFAULT_ROUTES.deliveryMode : DELIVERY_MODES[mode],
    ignoreResult: settings.taskIgnoreResult ?? DEFAULT_ROUTES.ignoreResult,
  };
}
