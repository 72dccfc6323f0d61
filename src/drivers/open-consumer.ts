import type { Consumer, ConsumerOptions } from '../contracts/broker/consumer.ts';
import type { EventStream, EventStreamOptions } from '../contracts/broker/event-stream.ts';
import type { Mailbox, MailboxOptions } from '../contracts/broker/mailbox.ts';
import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import { findSchemes } from './table.ts';

/** Opens the consumer of a broker. Throws a `ConfigError` for a URL that is invalid or not supported. */
export async function openConsumer(broker: Endpoint, options: Omit<ConsumerOptions, 'server'>): Promise<Consumer> {
  const { driver, scheme } = broker;
  if (!driver?.loadConsumer) {
    const schemes = findSchemes(({ loadConsumer }) => loadConsumer !== undefined);
    const allowed = schemes.map((each) => `${each}://`).join(', ');
    const message = `beat worker does not consume from "${scheme}"; allowed: ${allowed}`;
    throw new ConfigError([errorAt(['brokerUrl'], message)]);
  }
  const open = await loadClient('brokerUrl', driver, driver.loadConsumer);
  return open({ ...options, server: broker });
}

/** Opens the mailbox of a broker; `null` if the broker carries no remote control. Throws a `ConfigError` for an invalid URL. */
export async function openMailbox(broker: Endpoint, options: Omit<MailboxOptions, 'server'>): Promise<Mailbox | null> {
  const open = await broker.driver?.loadMailbox?.();
  return open?.({ ...options, server: broker }) ?? null;
}

/** Opens the task events of a broker; `null` if the broker carries none. Throws a `ConfigError` for an invalid URL. */
export async function openEventStream(
  broker: Endpoint,
  options: Omit<EventStreamOptions, 'server'>,
): Promise<EventStream | null> {
  const open = await broker.driver?.loadEventStream?.();
  return open?.({ ...options, server: broker }) ?? null;
}
