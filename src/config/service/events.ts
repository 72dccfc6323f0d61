import type { Report } from '../validate.ts';
import type { TopSettings } from '../schema.ts';
import type { TaskEventSettings } from '../../message/task-sent.ts';
import { schemeOf } from '../../broker/url-list.ts';
import { findDriver } from '../../drivers/table.ts';

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
  const exchangeType = findDriver(brokerUrl)?.taskEvents;
  if (exchangeType) return { exchange, exchangeType };
  note(
    ['taskSendSentEvent'],
    `no events are sent: a broker at ${schemeOf(brokerUrl)}:// carries none, so nothing could receive them`,
  );
  return null;
}
