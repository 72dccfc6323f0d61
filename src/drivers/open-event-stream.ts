import type { EventStream, EventStreamOptions } from '../contracts/broker/event-stream.ts';
import type { Endpoint } from './endpoint.ts';

/** Opens the task events of a broker; `null` if the broker carries none. Throws a `ConfigError` for an invalid URL. */
export async function openEventStream(
  broker: Endpoint,
  options: Omit<EventStreamOptions, 'server'>,
): Promise<EventStream | null> {
  const open = await broker.driver?.loadEventStream?.();
  return open?.({ ...options, server: broker }) ?? null;
}
