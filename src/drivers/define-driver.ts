import type { Broker, BrokerOptions } from '../contracts/broker/broker.ts';
import { OWN_DRIVER, type DriverDefinition, type OwnDriver } from '../contracts/broker/own-driver.ts';
import { BeatError, describeError, StoreError } from '../util/errors.ts';
import { BUILT_IN, type Driver } from './table.ts';

/** The longest time of one call of `publish`. Milliseconds. */
const PUBLISH_TIMEOUT = 60_000;

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * Makes a driver for `drivers` in the configuration, so that `brokerUrl` may have its schemes. Lock and state are in
 * `stateUrl`. Throws a `BeatError` for a scheme that beat has itself, or that is not one.
 */
export function defineDriver(definition: DriverDefinition): OwnDriver {
  // A configuration in JavaScript is not checked by types.
  const { schemes, title, open } = definition as Readonly<Record<keyof DriverDefinition, unknown>>;
  const fail = (reason: string) => new BeatError(`defineDriver: ${reason}`);
  if (typeof open !== 'function') throw fail('open is not a function');
  if (typeof title !== 'string' || title === '') throw fail('title is not a text');
  if (!Array.isArray(schemes) || schemes.length === 0) throw fail('schemes is not a list of texts');
  for (const scheme of schemes as readonly unknown[]) {
    const shown = JSON.stringify(scheme);
    if (typeof scheme !== 'string' || !SCHEME.test(scheme)) throw fail(`${shown} is not a scheme of URLs`);
    if (BUILT_IN.has(scheme) || scheme.startsWith('sqla')) throw fail(`beat has a driver of its own for ${shown}`);
  }
  return Object.freeze({ ...definition, [OWN_DRIVER]: true as const });
}

/** What beat can know about the broker of a driver of the user. */
export function toDriver(own: OwnDriver): Driver {
  return {
    name: 'own',
    title: own.title,
    schemes: Object.fromEntries(own.schemes.map((scheme) => [scheme, {}])),
    remote: true,
    shared: true,
    fanoutExchanges: true,
    headersExchanges: true,
    bindings: true,
    loadBroker: async () => (options) => adapt(own, options),
  };
}

function adapt(definition: DriverDefinition, { server, queues, clock }: BrokerOptions): Broker {
  const own = definition.open({
    url: server.url,
    queuesFor: (destination) => queues.queuesFor(destination).map(({ name }) => name),
  });
  return {
    async publish(messages) {
      if (messages.length === 0) return [];
      const ended = new AbortController();
      const timeout = async (): Promise<never> => {
        await clock.sleep(PUBLISH_TIMEOUT, ended.signal);
        throw new Error(`publish did not end within ${PUBLISH_TIMEOUT / 1_000} s`);
      };
      try {
        const publishing = (async () => own.publish(messages, ended.signal))();
        publishing.catch(() => {});
        const rejected = (await Promise.race([publishing, timeout()])) ?? [];
        const strange = rejected.find(({ message }) => !messages.includes(message));
        if (strange) throw new Error('publish rejected a message that it was not given');
        return rejected;
      } catch (error) {
        throw new StoreError(`broker.publish: ${describeError(error)}`, { cause: error });
      } finally {
        ended.abort();
      }
    },
    async announce() {},
    async close() {
      await own.close?.();
    },
  };
}
