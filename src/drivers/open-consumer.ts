import type { Consumer, ConsumerOptions } from '../contracts/broker/consumer.ts';
import { errorAt } from '../util/diagnostic.ts';
import { ConfigError } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { loadClient } from './load-client.ts';
import { findSchemes } from './table.ts';

/** Opens the consumer of a broker. Throws a `ConfigError` for a URL that is invalid or not supported. */
export async function openConsumer(
  broker: Endpoint,
  options: Omit<ConsumerOptions, 'server'>,
): Promise<Consumer> {
  const { driver, scheme } = broker;
  if (!driver?.loadConsumer) {
    const schemes = findSchemes(({ loadConsumer }) => loadConsumer !== null);
    const allowed = schemes.map((each) => `${each}://`).join(', ');
    const message = `beat worker does not consume from "${scheme}"; allowed: ${allowed}`;
    throw new ConfigError([errorAt(['brokerUrl'], message)]);
  }
  const open = await loadClient('brokerUrl', driver, driver.loadConsumer);
  return open({ ...options, server: broker });
}
