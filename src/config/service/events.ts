import { isRedis } from '../broker/endpoints.ts';
import type { Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';
import type { TaskEventSettings } from '../../message/task-sent.ts';
import { schemeOf } from '../../broker/url-list.ts';
import { kindOf } from '../../drivers/table.ts';

/**
 * Where `task-sent` events go; `null` for nowhere. What is asked for and the broker cannot do is noted:
 * nobody is hindered by an event that nobody hears.
 */
export function readTaskEvents(
  settings: TopSettings,
  brokerUrl: string,
  note: Report,
): TaskEventSettings | null {
  if (!settings.taskSendSentEvent) return null;
  const exchange = settings.eventExchange ?? 'celeryev';
  const scheme = schemeOf(brokerUrl);
  // As in Celery: kombu's Redis keeps nothing for topics that nobody has bound, and so has them broadcast.
  if (isRedis(brokerUrl)) return { exchange, exchangeType: 'fanout' };
  if (kindOf(brokerUrl) === 'amqp') return { exchange, exchangeType: 'topic' };
  note(
    ['taskSendSentEvent'],
    `no events are sent: a broker at ${scheme}:// carries none, so nothing could receive them`,
  );
  return null;
}
