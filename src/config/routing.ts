import { DEFAULT_RULES, type QueueRules } from '../routing/queues.ts';
import type { TopSettings } from './schema/settings.ts';

/** Which queues there are, and how those are made that nobody describes. */
export function readQueues(settings: TopSettings): QueueRules {
  return {
    defaultQueue: settings.taskDefaultQueue ?? DEFAULT_RULES.defaultQueue,
    maxPriority: settings.taskQueueMaxPriority ?? DEFAULT_RULES.maxPriority,
    defaultType: settings.taskDefaultQueueType ?? DEFAULT_RULES.defaultType,
    missingType: settings.taskCreateMissingQueueType ?? DEFAULT_RULES.missingType,
  };
}
